// What is refused before a byte is sent, and how sizes, rates and times are said. No DOM.

export interface Limits {
  most: number;
  extensions: readonly string[];
}

export type Refusal = 'empty' | 'tooLarge' | 'wrongKind';

/** Return why a file is refused, null where it is taken. The server looks again, at the bytes. */
export function refusal(file: { name: string; size: number; type: string }, limits: Limits): Refusal | null {
  const dot = file.name.lastIndexOf('.');
  const ending = dot > 0 ? file.name.slice(dot + 1).toLowerCase() : '';
  const told = /^(video|audio)\//.test(file.type);
  if (ending ? !limits.extensions.includes(ending) : file.type !== '' && !told) return 'wrongKind';
  if (file.size === 0) return 'empty';
  if (file.size > limits.most) return 'tooLarge';
  return null;
}

/** Return a size in the units that people know. */
export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** Fill the {names} of a sentence. */
export function fill(words: string, values: Record<string, string | number>): string {
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** How fast bytes go, over the last seconds only, so that a pause or a change of network shows at once. */
export class Pace {
  #seen: { at: number; sent: number }[] = [];
  readonly #window: number;

  constructor(windowMs = 15_000) {
    this.#window = windowMs;
  }

  /** Note that `sent` bytes were through at `at` ms. */
  note(at: number, sent: number): void {
    this.#seen.push({ at, sent });
    while (this.#seen.length > 2 && at - (this.#seen[0]?.at ?? at) > this.#window) this.#seen.shift();
  }

  /** Forget everything: sending was interrupted. */
  rest(): void {
    this.#seen = [];
  }

  /** Bytes a second, null before it means anything. */
  get rate(): number | null {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    if (!first || !last || last.at - first.at < 2_000) return null;
    const rate = ((last.sent - first.sent) * 1000) / (last.at - first.at);
    return rate > 0 ? rate : null;
  }

  /** Seconds until `left` bytes are through, null where there is no honest answer. */
  secondsFor(left: number): number | null {
    const rate = this.rate;
    return rate === null ? null : Math.ceil(left / rate);
  }
}

/** Say an estimate no more exactly than it is known. */
export function left(seconds: number | null, words: Record<string, string>): string {
  if (seconds === null) return words['leftUnknown'] ?? '';
  if (seconds < 60) return words['leftSeconds'] ?? '';
  if (seconds < 5400) return fill(words['leftMinutes'] ?? '', { count: Math.round(seconds / 60) });
  return fill(words['leftHours'] ?? '', { count: Math.round(seconds / 3600) });
}

/** Pauses before the tries of a lost connection: soon, then once a minute, for about a day. */
export function retryDelays(): number[] {
  return [0, 1_000, 3_000, 5_000, 10_000, 20_000, 30_000, ...Array<number>(1_440).fill(60_000)];
}

/** Whether a status is worth another try: the network, a lock, a server that is away; not a refusal. */
export function worthRetrying(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
}
