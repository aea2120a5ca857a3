// The network as a direct upload needs it: questions to the server, parts to the bucket, and time.

export interface Answer {
  /** 0 where there was none. */
  status: number;
  body: string;
}

export interface Wire {
  /** Ask the server, as who is signed in. */
  ask(method: string, address: string, body: unknown, signal?: AbortSignal): Promise<Answer>;
  /** PUT bytes to the bucket, as nobody; the status, 0 where there was none. Rejects when aborted. */
  put(address: string, bytes: Blob, progress: (sent: number) => void, signal: AbortSignal): Promise<number>;
  /** Wait; rejects when aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Do something again and again until the signal. */
  every(milliseconds: number, signal: AbortSignal, act: () => void): void;
}

/** An upload that is silent for so long is taken for a lost connection. */
const SILENCE = 60_000;

export function wireOf(token: () => string): Wire {
  return {
    async ask(method, address, body, signal) {
      const headers: Record<string, string> = { Accept: 'application/json', 'X-CSRFToken': token() };
      if (body !== undefined) headers['Content-Type'] = 'application/json';
      try {
        const response = await fetch(address, {
          method,
          headers,
          credentials: 'same-origin',
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(signal ? { signal } : {}),
        });
        return { status: response.status, body: await response.text() };
      } catch (error) {
        if (signal?.aborted) throw error;
        return { status: 0, body: '' };
      }
    },
    put,
    wait(milliseconds, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(new DOMException('', 'AbortError'));
        const stop = (): void => {
          window.clearTimeout(timer);
          window.removeEventListener('online', done);
          reject(new DOMException('', 'AbortError'));
        };
        // A network that is back is not waited for any longer.
        const done = (): void => {
          window.clearTimeout(timer);
          window.removeEventListener('online', done);
          signal.removeEventListener('abort', stop);
          resolve();
        };
        const timer = window.setTimeout(done, milliseconds);
        window.addEventListener('online', done);
        signal.addEventListener('abort', stop, { once: true });
      });
    },
    every(milliseconds, signal, act) {
      const timer = window.setInterval(act, milliseconds);
      signal.addEventListener('abort', () => window.clearInterval(timer), { once: true });
    },
  };
}

/** By XMLHttpRequest, since fetch does not tell how far it is. No header of ours, no cookie: the address is signed. */
function put(address: string, bytes: Blob, progress: (sent: number) => void, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let silence = window.setTimeout(() => request.abort(), SILENCE);
    const heard = (): void => {
      window.clearTimeout(silence);
      silence = window.setTimeout(() => request.abort(), SILENCE);
    };
    const stop = (): void => request.abort();
    const over = (status: number): void => {
      window.clearTimeout(silence);
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(new DOMException('', 'AbortError'));
      else resolve(status);
    };
    signal.addEventListener('abort', stop, { once: true });
    request.upload.addEventListener('progress', (event) => {
      heard();
      progress(event.loaded);
    });
    request.addEventListener('load', () => over(request.status));
    for (const name of ['error', 'abort', 'timeout'] as const) request.addEventListener(name, () => over(0));
    request.open('PUT', address);
    request.send(bytes);
  });
}
