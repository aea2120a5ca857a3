// Where reports wait until the server has them: in the browser's database. What that does not take, or not yet, is in
// memory, and goes into it with the next chance. Nobody waits for a database that does not answer.

import type { Report } from './api.ts';
import { Database, type Key } from './database.ts';

export interface Kept extends Report {
  /** Whose report it is: a shared computer never sends one person's seconds as another's. */
  person: string;
  /** When it was last added to, Unix ms; only for clearing away what can never be sent. */
  at: number;
  /** Its page may still add to it. */
  grows?: boolean;
}

export interface Store {
  /** Rejects where the report would not outlive the page, though it could have. */
  put(report: Kept): Promise<void>;
  /** Forget this one report; those before it still wait. */
  drop(session: string, seq: number): Promise<void>;
  all(person: string): Promise<Kept[]>;
  /** False where reports do not outlive the page. */
  readonly lasts: boolean;
}

/** How long a database may take to answer before the page goes on without it. */
export const PATIENCE_MS = 2_000;

interface Change {
  key: Key;
  /** Null where it is to be forgotten. */
  row: Kept | null;
}

export class DeviceStore implements Store {
  lasts = false;
  /** Asked and not answered for too long: it still may, and then what waits in memory goes into it. */
  isAwaited = false;
  /** What the database does not know yet. */
  #changes = new Map<string, Change>();
  #database = new Database<Kept>();
  #changed: () => void;
  #patience: number;

  /** `changed` is called when reports begin or cease to outlive the page, and when the database falls silent. */
  constructor(changed: () => void = () => undefined, patience = PATIENCE_MS) {
    [this.#changed, this.#patience] = [changed, patience];
  }

  /** Ask for the database; resolves once it answered, or when it is not waited for any longer. */
  async open(): Promise<void> {
    try {
      await this.#patiently(this.#database.open());
      this.#tell({ lasts: true });
    } catch {
      this.#tell({ lasts: false });
    }
  }

  put(report: Kept): Promise<void> {
    return this.#change([report.session, report.seq], structuredClone(report));
  }

  drop(session: string, seq: number): Promise<void> {
    return this.#change([session, seq], null);
  }

  async all(person: string): Promise<Kept[]> {
    const rows = new Map<string, Kept>();
    if (!this.isAwaited) {
      const kept = await this.#patiently(this.#database.rows()).catch(() => []);
      for (const row of kept) rows.set(nameOf([row.session, row.seq]), row);
    }
    for (const [name, { row }] of this.#changes) {
      if (row) rows.set(name, row);
      else rows.delete(name);
    }
    return [...rows.values()].filter((row) => row.person === person).sort(inOrder);
  }

  async #change(key: Key, row: Kept | null): Promise<void> {
    this.#changes.set(nameOf(key), { key, row });
    if (!this.isAwaited) await this.#write();
  }

  /** Give the database all that it does not know. */
  async #write(): Promise<void> {
    const changes = [...this.#changes];
    const written = this.#database.write(changes.map(([, { key, row }]) => [key, row] as const)).then(() => {
      // What was changed again meanwhile is written again.
      for (const [name, change] of changes) if (this.#changes.get(name) === change) this.#changes.delete(name);
    });
    try {
      await this.#patiently(written);
    } catch (error) {
      this.#tell({ lasts: false });
      throw error;
    }
    if (!this.isAwaited) this.#tell({ lasts: true });
  }

  /** Wait for an answer of the database, but not for ever: one that comes later is taken up then. */
  async #patiently<T>(work: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#tell({ lasts: false, isAwaited: true });
        const answered = (): void => {
          this.#tell({ isAwaited: false });
          void this.#write().catch(() => undefined);
        };
        work.then(answered, answered);
        reject(new DOMException('The database does not answer.', 'TimeoutError'));
      }, this.#patience);
    });
    try {
      return await Promise.race([work, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  #tell({ lasts = this.lasts, isAwaited = this.isAwaited }): void {
    if (lasts === this.lasts && isAwaited === this.isAwaited) return;
    [this.lasts, this.isAwaited] = [lasts, isAwaited];
    this.#changed();
  }
}

function nameOf([session, seq]: Key): string {
  return `${session}/${seq}`;
}

function inOrder(a: Kept, b: Kept): number {
  if (a.session === b.session) return a.seq - b.seq;
  return a.session < b.session ? -1 : 1;
}
