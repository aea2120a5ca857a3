// The browser's database: one table of reports. The connection is made anew where the browser took it away, as phones
// do in the background. Nothing here has a time limit: WebKit may leave any request without an answer for ever.

const NAME = 'classroom-learning';
const TABLE = 'reports';

/** Session and number. */
export type Key = [session: string, seq: number];

export class Database<Row> {
  #connection: IDBDatabase | null = null;
  #opening: Promise<void> | null = null;

  /** Open it; rejects where it is missing or forbidden. Who asks meanwhile waits for the same answer. */
  open(): Promise<void> {
    this.#opening ??= this.#connect().finally(() => (this.#opening = null));
    return this.#opening;
  }

  #connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(TABLE, { keyPath: ['session', 'seq'] });
      };
      request.onsuccess = () => {
        this.#connection = request.result;
        resolve();
      };
      request.onerror = () => reject(request.error);
    });
  }

  async rows(): Promise<Row[]> {
    const transaction = this.#begin('readonly') ?? (await this.open(), this.#again('readonly'));
    return new Promise((resolve, reject) => {
      const request = transaction.objectStore(TABLE).getAll() as IDBRequest<Row[]>;
      request.onsuccess = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /** Write all of these rows, or delete where there is none; all or nothing. */
  async write(changes: readonly (readonly [Key, Row | null])[]): Promise<void> {
    const transaction = this.#begin('readwrite') ?? (await this.open(), this.#again('readwrite'));
    return new Promise((resolve, reject) => {
      const table = transaction.objectStore(TABLE);
      for (const [key, row] of changes) {
        if (row) table.put(row);
        else table.delete(key);
      }
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      // Do not wait for the next idle moment: the page may be about to go.
      transaction.commit?.();
    });
  }

  /** Begin a transaction at once where there is a connection: the page may be about to go. */
  #begin(mode: IDBTransactionMode): IDBTransaction | null {
    try {
      return this.#connection?.transaction(TABLE, mode) ?? null;
    } catch {
      this.#connection = null;
      return null;
    }
  }

  /** The same on a connection that was just made. */
  #again(mode: IDBTransactionMode): IDBTransaction {
    const transaction = this.#begin(mode);
    if (!transaction) throw new DOMException('The connection does not last.', 'InvalidStateError');
    return transaction;
  }
}
