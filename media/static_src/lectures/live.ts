// Asking again and again, without a storm: every two seconds while something moves and the page is seen,
// every twenty when nothing does, later and later when the server does not answer.

export interface Poll {
  address: () => string;
  moving: () => boolean;
  take: (response: Response) => Promise<void>;
}

const QUICK_MS = 2_000;
const SLOW_MS = 20_000;
const LONGEST_MS = 60_000;

/** Return after how many ms to ask again. */
export function pause(moving: boolean, failures: number): number {
  if (failures > 0) return Math.min(QUICK_MS * 2 ** failures, LONGEST_MS);
  return moving ? QUICK_MS : SLOW_MS;
}

/** Ask until the returned function is called. */
export function poll({ address, moving, take }: Poll): () => void {
  let etag = '';
  let asked = '';
  let failures = 0;
  let timer = 0;
  let stopped = false;
  let asking = false;
  const again = () => {
    if (!stopped) timer = window.setTimeout(() => void ask(), pause(moving(), failures));
  };
  const ask = async () => {
    if (document.hidden) return again();
    asking = true;
    const url = address();
    if (url !== asked) etag = '';
    asked = url;
    try {
      const response = await fetch(url, {
        headers: etag ? { 'If-None-Match': etag } : {},
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
      });
      if (response.status !== 304) {
        if (!response.ok) throw new Error(String(response.status));
        etag = response.headers.get('ETag') ?? '';
        await take(response);
      }
      failures = 0;
    } catch {
      failures += 1;
    }
    asking = false;
    again();
  };
  document.addEventListener('visibilitychange', () => {
    // An answer under way asks again by itself; a second question beside it would never end.
    if (document.hidden || stopped || asking) return;
    window.clearTimeout(timer);
    void ask();
  });
  again();
  return () => {
    stopped = true;
    window.clearTimeout(timer);
  };
}
