// Where one stands in a lecture: what is verified, what was shown and still waits for the server's word,
// what is missing, and how far a first view may go. Pure.

import type { Interval } from './api.ts';
import { furthest, gaps, missing, seekLimit, union } from './intervals.ts';

/** A jump that ends this little beyond the limit is not refused: players round. */
const LENIENT_MS = 250;

export interface Lesson {
  duration: number;
  tolerance: number;
  freeSeek: boolean;
}

export interface Told {
  coverage: Interval[];
  furthest_ms: number;
  waiting?: Interval[];
}

export class Standing {
  verified: Interval[] = [];
  /** The furthest point by the server. */
  reach = 0;
  /** What the server knows to be shown, and counts once what was left out before it is made up. */
  #waiting: Interval[] = [];
  #lesson: Lesson;
  #pending: () => readonly Interval[];

  /** `pending` tells what was shown and is not acknowledged yet. */
  constructor(lesson: Lesson, pending: () => readonly Interval[]) {
    [this.#lesson, this.#pending] = [lesson, pending];
  }

  /** Take the server's word. */
  take({ coverage, furthest_ms, waiting = [] }: Told): void {
    [this.verified, this.reach, this.#waiting] = [coverage, furthest_ms, waiting];
  }

  /** The course's rule on jumping ahead, as the grant tells it. */
  set freeSeek(free: boolean) {
    this.#lesson = { ...this.#lesson, freeSeek: free };
  }

  /** What was shown and does not count yet: the server has not acknowledged it, or lets it wait for a gap. */
  get pending(): Interval[] {
    return union(this.#waiting, this.#pending());
  }

  /** Everything shown so far, acknowledged or not. */
  get shown(): Interval[] {
    return union(this.verified, this.pending);
  }

  get missing(): Interval[] {
    return missing(this.shown, this.#lesson.duration, this.#lesson.tolerance);
  }

  get gaps(): Interval[] {
    return gaps(this.missing, this.#furthest);
  }

  /** The point that may not be passed by a jump. */
  get limit(): number {
    return seekLimit(this.#furthest, this.#lesson.duration, this.#lesson.freeSeek);
  }

  isVerified(ms: number): boolean {
    return this.verified.some(([start, end]) => start <= ms && ms < end);
  }

  /** The place that may be shown for `ms`, and whether that is another one; `running` is what plays now. */
  allowed(ms: number, running: number): { to: number; isHeld: boolean } {
    const target = Math.min(Math.max(ms, 0), this.#lesson.duration);
    const limit = Math.max(this.limit, running);
    return target <= limit + LENIENT_MS ? { to: target, isHeld: false } : { to: limit, isHeld: true };
  }

  /** Where playing begins: at `at`, but not ahead of what may be seen, and anew where it was at the end. */
  begin(at: number): number {
    return at >= this.#lesson.duration - AT_THE_END_MS ? 0 : Math.min(Math.max(at, 0), this.limit);
  }

  get #furthest(): number {
    return Math.max(this.reach, furthest(this.shown));
  }
}

/** Who left this little was at the end. */
const AT_THE_END_MS = 2000;
