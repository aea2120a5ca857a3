// What the server's answer means to a person. No DOM.

/** Return the sentence of a problem (RFC 9457), or the name of one of ours; '' where nothing is known. */
export function detailOf(status: number, body: string): string {
  if (status === 401) return 'signIn';
  try {
    const problem = JSON.parse(body) as { detail?: unknown; type?: unknown } | null;
    const type = typeof problem?.type === 'string' ? problem.type : '';
    // A sign-in that ran out comes as a 403 that is not one of ours.
    if (status === 403 && !type.endsWith(':not_allowed')) return 'signIn';
    return typeof problem?.detail === 'string' ? problem.detail : '';
  } catch {
    return status === 403 ? 'signIn' : '';
  }
}

/** Whether the transfer is gone from the server, so that it begins anew the next time. */
export function isGone(status: number): boolean {
  return status === 404 || status === 410;
}

/** Whether giving an upload up is done: it is also where there was nothing left to give up. */
export function isGivenUp(status: number): boolean {
  return (status >= 200 && status < 300) || isGone(status);
}
