// A store as simple as can be, for tests of those who use one.

import type { Kept, Store } from '../../../classroom/learning/static_src/lesson/store.ts';

export class MemoryStore implements Store {
  lasts = false;
  #rows = new Map<string, Kept>();

  async put(report: Kept): Promise<void> {
    this.#rows.set(`${report.session}/${report.seq}`, structuredClone(report));
  }

  async drop(session: string, seq: number): Promise<void> {
    this.#rows.delete(`${session}/${seq}`);
  }

  async all(person: string): Promise<Kept[]> {
    const rows = [...this.#rows.values()].filter((row) => row.person === person);
    return rows.sort((a, b) => (a.session === b.session ? a.seq - b.seq : a.session < b.session ? -1 : 1));
  }
}
