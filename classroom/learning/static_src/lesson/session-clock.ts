// The clock of a viewing: milliseconds since the server opened it. Pure but for the clocks it is given.
//
// A browser's steady clock may stand still while the machine sleeps. What is played after that would
// be told for a time in which the server heard nothing, and not count. So each acknowledgement sets
// the clock forward to what the server measured. One that runs fast is never set back, since a time told
// twice counts once: it goes a little slower until the server has caught up.

/** How long the server lets one viewing count (`progress/terms.py`). */
export const GRANT_MS = 12 * 3_600_000;
/** A viewing is opened anew this long before the old one ends. */
const SPARE_MS = 10 * 60_000;
/** Behind the server by less than this is the way of the answer, not sleep. */
const LAG_MS = 2_000;
/** A clock that is ahead goes slower by this share: too little for what is played to look too fast. */
const SLOWER = 0.01;
/** A timer of one second that comes this late has slept. */
const SLEPT_MS = 20_000;

export class SessionClock {
  #steady: () => number;
  #zero: number;
  #wall: number | null = null;
  /** By how much it was ahead when the server was last heard, and the steady clock then. */
  #ahead = 0;
  #since = 0;

  /** `steady` is the browser's own clock, `performance.now`. */
  constructor(steady: () => number) {
    this.#steady = steady;
    this.#zero = steady();
  }

  /** A viewing was opened just now. */
  restart(): void {
    [this.#zero, this.#ahead] = [this.#steady(), 0];
  }

  /** Milliseconds since the opening. */
  get ms(): number {
    return this.#steady() - this.#zero - this.#fallen;
  }

  /** The server measured `session` when it received a report, which left when this clock showed `sent`; true
   *  where this clock had stood still. */
  hear(session: number, sent = session): boolean {
    if (!Number.isFinite(session)) return false;
    const stoodStill = session > this.ms + LAG_MS;
    this.#zero = stoodStill ? this.#steady() - session : this.#zero + this.#fallen;
    // It arrived before it left: so far at least this clock is ahead.
    [this.#ahead, this.#since] = [stoodStill ? 0 : Math.max(0, sent - session), this.#steady()];
    return stoodStill;
  }

  /** What it has gone slower since, up to what it was ahead. */
  get #fallen(): number {
    return Math.min(this.#ahead, (this.#steady() - this.#since) * SLOWER);
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
