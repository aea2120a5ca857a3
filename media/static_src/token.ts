/** The token that a request to this server bears, of this moment: signing in again in another tab changes it. */
export function token(): string {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? '';
}
