// How often a stream that was refused is opened anew by itself. What breaks again at once is told instead; a page
// that stays open for days is not held to what it needed the day before. Pure but for its clock.

/** So many times within so long. */
export const MOST = 2;
export const WITHIN_MS = 15 * 60_000;

export class Chances {
  #clock: () => number;
  #taken: number[] = [];

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Take one; false where there is none left for now. */
  take(): boolean {
    const now = this.#clock();
    this.#taken = this.#taken.filter((at) => now - at < WITHIN_MS);
    if (this.#taken.length >= MOST) return false;
    this.#taken.push(now);
    return true;
  }
}
