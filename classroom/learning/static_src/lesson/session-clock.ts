// The clock of a viewing: milliseconds since the server opened it. Pure but for the clocks it is given.
//
// A browser's steady clock may stand still while the machine sleeps. What is played after that would
// be told for a time in which the server heard nothing, and not count. So each acknowledgement sets
// the clock forward to what the server measured, never back: a span is told once, for its own time.

/** How long the server lets one viewing count (`progress/terms.py`). */
export const GRANT_MS = 12 * 3_600_000;
/** A viewing is opened anew this long before the old one ends. */
const SPARE_MS = 10 * 60_000;
/** Behind the server by less than this is the way of the answer, not sleep. */
const LAG_MS = 2_000;
/** A timer of one second that comes this late has slept. */
const SLEPT_MS = 20_000;

export class SessionClock {
  #steady: () => number;
  #zero: number;
  #wall: number | null = null;

  /** `steady` is the browser's own clock, `performance.now`. */
  constructor(steady: () => number) {
    this.#steady = steady;
    this.#zero = steady();
  }

  /** A viewing was opened just now. */
  restart(): void {
    this.#zero = this.#steady();
  }

  /** Milliseconds since the opening. */
  get ms(): number {
    return this.#steady() - this.#zero;
  }

  /** The server measured so many when it received a report; true where this clock had stood still. */
  hear(session: number): boolean {
    if (!Number.isFinite(session) || session <= this.ms + LAG_MS) return false;
    this.#zero = this.#steady() - session;
    return true;
  }

  /** Whether the viewing ends soon, so that another has to be opened before anything more is played. */
  get isEnding(): boolean {
    return this.ms >= GRANT_MS - SPARE_MS;
  }

  /** To be called every second with the wall clock; true where the machine slept since the last call. */
  slept(wall: number): boolean {
    const before = this.#wall;
    this.#wall = wall;
    return before !== null && wall - before >= SLEPT_MS;
  }
}
