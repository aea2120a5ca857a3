// Light or dark: the server renders what the cookie says, so a page never flashes.

const YEAR = 365 * 24 * 3600;

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Switch at once instead of going round by the server, which the plain form would do. */
export function switchTheme(event: SubmitEvent): void {
  event.preventDefault();
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}
