// What was really shown, as spans. Pure: it reads no clock and no element, so that it can be tested.
//
// A span is [s, e) of media time shown during [t0, t1) of session time at one rate, all whole
// milliseconds. It grows only from one reading of a playing element to the next; a jump between two
// readings, or time that passed without media, ends it. It is never derived from a position.

export interface Span {
  s: number;
  e: number;
  t0: number;
  t1: number;
  rate: number;
}

/** One look at the element: media position and session clock in ms, and the rate in force. */
export interface Reading {
  media: number;
  clock: number;
  rate: number;
}

/** Media may run ahead of the clock by this much between two readings before it counts as a jump. */
const JUMP_MS = 400;
/** The clock may run ahead of the media by this much before the rest counts as a stall. */
const STALL_MS = 400;
/** A player that starts shows its first frame this far behind the place where it stood still. */
const START_MS = 500;
/** Containers round: a first frame this late is the beginning, a last one this early is the end. */
const HEAD_MS = 100;
const TAIL_MS = 250;

export class SpanRecorder {
  #duration: number;
  #first: Reading | null = null;
  #last: Reading | null = null;
  #still: { media: number; clock: number } | null = null;
  #emit: (span: Span) => void;

  /** `duration` is the lecture's probed length in ms; `emit` receives every closed span. */
  constructor(duration: number, emit: (span: Span) => void) {
    this.#duration = duration;
    this.#emit = emit;
  }

  get isOpen(): boolean {
    return this.#first !== null;
  }

  /** The element stands still here (paused, sought, waiting): playing resumes from this very place. */
  rest(media: number, clock: number): void {
    this.#still = { media, clock };
  }

  /** The element is about to run; what it shows from now on cannot be older than this moment. */
  intend(clock: number): void {
    if (this.#still) this.#still.clock = Math.max(this.#still.clock, clock);
  }

  /** The element runs: open a span, from where it stood still if that is where it runs on from. */
  start(reading: Reading): void {
    if (this.#first) return;
    const still = this.#still;
    this.#still = null;
    let from = reading;
    if (still && reading.media >= still.media && reading.media - still.media <= START_MS) {
      const needed = (reading.media - still.media) / reading.rate;
      const clock = Math.max(still.clock, reading.clock - needed);
      from = { media: still.media, clock: Math.min(clock, reading.clock), rate: reading.rate };
    }
    this.#first = from;
    this.#last = reading;
  }

  /** The element still runs: let the span grow, or cut it where the two readings do not agree. */
  sample(reading: Reading): void {
    const last = this.#last;
    if (!this.#first || !last) return;
    const media = reading.media - last.media;
    const clock = reading.clock - last.clock;
    if (media < 0 || media > clock * last.rate + JUMP_MS) {
      this.#close(last);
      this.start(reading);
    } else if (clock > media / last.rate + STALL_MS) {
      this.#close({ media: reading.media, clock: last.clock + media / last.rate, rate: last.rate });
      this.start(reading);
    } else {
      this.#last = reading;
    }
  }

  /** The element stops, or its rate changes, at this reading. */
  stop(reading: Reading): void {
    this.sample(reading);
    if (this.#last) this.#close(this.#last);
  }

  /** The element jumped: the last reading before is all that is known to have been shown. */
  jump(): void {
    if (this.#last) this.#close(this.#last);
  }

  /** The element came to its end, so the rest of a frame belongs to the lecture. */
  end(reading: Reading): void {
    this.stop(reading);
    this.#still = null;
  }

  /** Close the span and go on with the next without a hole between them. */
  roll(reading: Reading): void {
    if (!this.#first) return;
    this.sample(reading);
    const last = this.#last;
    if (!last) return;
    this.#close(last);
    this.#first = last;
    this.#last = last;
  }

  #close(last: Reading): void {
    const first = this.#first;
    this.#first = null;
    this.#last = null;
    if (!first) return;
    const span = {
      s: first.media <= HEAD_MS ? 0 : Math.round(first.media),
      e: Math.round(Math.min(last.media, this.#duration)),
      t0: Math.max(0, Math.round(first.clock)),
      t1: Math.round(last.clock),
      rate: last.rate,
    };
    if (this.#duration - span.e <= TAIL_MS) span.e = this.#duration;
    if (span.e > span.s && span.t1 > span.t0) this.#emit(span);
  }
}

/** Join spans that follow on one another without a hole at one rate: fewer rows for the same seconds. */
export function joined(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const before = out[out.length - 1];
    if (before && before.e === span.s && before.t1 === span.t0 && before.rate === span.rate) {
      out[out.length - 1] = { ...before, e: span.e, t1: span.t1 };
    } else {
      out.push({ ...span });
    }
  }
  return out;
}
