// As much of IndexedDB as the lesson's store asks of it, with the faults that phones have.

import type { Kept } from '../../../classroom/learning/static_src/lesson/store.ts';

/** `silent` neither succeeds nor fails until it is told to. */
export type How = 'works' | 'refuses' | 'throws' | 'missing' | 'silent' | 'blocked';

export class FakeDatabase {
  rows = new Map<string, Kept>();
  isFull = false;
  /** The browser took the connection away. */
  isClosed = false;
  /** Transactions neither complete nor abort. */
  isStuck = false;
  opened = 0;
  #stuck: (() => void)[] = [];
  #waiting: ((how: 'onsuccess' | 'onerror') => void)[] = [];

  /** What hung until now answers. */
  answer(how: 'onsuccess' | 'onerror' = 'onsuccess'): void {
    this.isStuck = false;
    for (const one of this.#waiting.splice(0)) one(how);
    for (const one of this.#stuck.splice(0)) one();
  }

  offer(how: How): void {
    const open = () => {
      if (how === 'throws') throw new DOMException('forbidden', 'SecurityError');
      this.opened += 1;
      const request: Record<string, unknown> = { result: this.#connection(), error: new DOMException('no', 'UnknownError') };
      const call = (name: string) => (request[name] as (() => void) | undefined)?.();
      queueMicrotask(() => {
        if (how === 'works') call('onsuccess');
        else if (how === 'refuses') call('onerror');
        else {
          if (how === 'blocked') call('onblocked');
          this.#waiting.push(call);
        }
      });
      return request;
    };
    Object.assign(globalThis, { indexedDB: how === 'missing' ? undefined : { open } });
  }

  #connection() {
    return { createObjectStore: () => undefined, transaction: (_name: string, mode: string) => this.#transaction(mode) };
  }

  #transaction(mode: string) {
    if (this.isClosed) throw new DOMException('closing', 'InvalidStateError');
    const work: (() => void)[] = [];
    const transaction = {
      error: null as Error | null, oncomplete: () => undefined, onabort: () => undefined, commit: () => undefined,
      objectStore: () => ({
        put: (row: Kept) => {
          const copy = structuredClone(row);
          work.push(() => this.rows.set(`${row.session}/${row.seq}`, copy));
        },
        delete: ([session, seq]: [string, number]) => work.push(() => this.rows.delete(`${session}/${seq}`)),
        getAll: () => {
          const request = { result: [] as Kept[], onsuccess: () => undefined };
          this.#later(() => {
            request.result = [...this.rows.values()].map((row) => structuredClone(row));
            request.onsuccess();
          });
          return request;
        },
      }),
    };
    if (mode === 'readwrite') {
      this.#later(() => {
        if (this.isFull) {
          transaction.error = new DOMException('full', 'QuotaExceededError');
          return transaction.onabort();
        }
        for (const one of work) one();
        transaction.oncomplete();
      });
    }
    return transaction;
  }

  #later(work: () => void): void {
    queueMicrotask(() => {
      if (this.isStuck) this.#stuck.push(work);
      else work();
    });
  }
}
