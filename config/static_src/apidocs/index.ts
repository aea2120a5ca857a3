import './index.css';

// Swagger draws a page of its own: inside ours its main part is a group, and its headings follow ours.

const home = document.getElementById('swagger-ui');

function fit(root: HTMLElement): void {
  for (const part of root.querySelectorAll('main:not([role]), [role=main]')) part.setAttribute('role', 'group');
  for (const title of root.querySelectorAll('.opblock-tag:not([aria-level])')) title.setAttribute('aria-level', '2');
}

if (home) new MutationObserver(() => fit(home)).observe(home, { childList: true, subtree: true });
