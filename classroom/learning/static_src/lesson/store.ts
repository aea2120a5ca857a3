// Where reports wait until the server has them: IndexedDB, or memory where the browser refuses that.

import type { Report } from './api.ts';

export interface Kept extends Report {
  /** Whose report it is: a shared computer never sends one person's seconds as another's. */
  person: string;
  /** When it was last added to, Unix ms; only for clearing away what can never be sent. */
  at: number;
  /** Its page may still add to it. */
  grows?: boolean;
}

export interface Store {
  put(report: Kept): Promise<void>;
  /** Forget this one report; those before it still wait. */
  drop(session: string, seq: number): Promise<void>;
  all(person: string): Promise<Kept[]>;
  /** False where reports do not outlive the page. */
  readonly lasts: boolean;
}

export class MemoryStore implements Store {
  readonly lasts = false;
  #rows = new Map<string, Kept>();

  async put(report: Kept): Promise<void> {
    this.#rows.set(`${report.session}/${report.seq}`, structuredClone(report));
  }

  async drop(session: string, seq: number): Promise<void> {
    this.#rows.delete(`${session}/${seq}`);
  }

  async all(person: string): Promise<Kept[]> {
    return inOrder([...this.#rows.values()].filter((row) => row.person === person));
  }
}

const TABLE = 'reports';

class DatabaseStore implements Store {
  readonly lasts = true;
  #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  put(report: Kept): Promise<void> {
    return this.#write((table) => table.put(report));
  }

  drop(session: string, seq: number): Promise<void> {
    return this.#write((table) => table.delete(IDBKeyRange.bound([session, seq], [session, seq])));
  }

  all(person: string): Promise<Kept[]> {
    return new Promise((resolve, reject) => {
      const request = this.#database.transaction(TABLE).objectStore(TABLE).getAll() as IDBRequest<Kept[]>;
      request.onsuccess = () => resolve(inOrder(request.result.filter((row) => row.person === person)));
      request.onerror = () => reject(request.error);
    });
  }

  #write(change: (table: IDBObjectStore) => IDBRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(TABLE, 'readwrite');
      change(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      // Do not wait for the next idle moment: the page may be about to go.
      transaction.commit();
    });
  }
}

function inOrder(rows: Kept[]): Kept[] {
  return rows.sort((a, b) => (a.session === b.session ? a.seq - b.seq : a.session < b.session ? -1 : 1));
}

/** Open the store of this browser; memory where IndexedDB is missing, full or forbidden. */
export function openStore(): Promise<Store> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open('classroom-learning', 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(TABLE, { keyPath: ['session', 'seq'] });
      };
      request.onsuccess = () => resolve(new DatabaseStore(request.result));
      request.onerror = () => resolve(new MemoryStore());
      request.onblocked = () => resolve(new MemoryStore());
    } catch {
      resolve(new MemoryStore());
    }
  });
}
