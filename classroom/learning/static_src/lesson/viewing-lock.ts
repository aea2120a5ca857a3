// Which viewings are open in a page of this browser right now. A page that is closed or crashes lets go of
// its own by itself, so that another one knows whose reports are left behind.

const PREFIX = 'viewing:';

/** As much of `navigator.locks` as is asked for here; it is missing without HTTPS and in old browsers. */
export type Locks = Pick<LockManager, 'request' | 'query'>;

export function browserLocks(): Locks | null {
  return typeof navigator === 'undefined' ? null : (navigator.locks ?? null);
}

export class ViewingLock {
  /** Whether other pages are known to see that this viewing is open. */
  isHeld = false;
  #release: () => void = () => undefined;

  constructor(session: string, locks: Locks | null = browserLocks()) {
    const until = new Promise<void>((resolve) => (this.#release = resolve));
    void locks
      ?.request(PREFIX + session, () => {
        this.isHeld = true;
        return until;
      })
      .catch(() => undefined);
  }

  /** Another viewing has followed: what this one left may be delivered by anybody. */
  release(): void {
    this.isHeld = false;
    this.#release();
  }
}

/** Return the viewings that are open in some page of this browser; none where the browser cannot tell. */
export async function openViewings(locks: Locks | null = browserLocks()): Promise<Set<string>> {
  try {
    const { held = [] } = (await locks?.query()) ?? {};
    const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(PREFIX));
    return new Set(names.map((name) => name.slice(PREFIX.length)));
  } catch {
    return new Set();
  }
}
