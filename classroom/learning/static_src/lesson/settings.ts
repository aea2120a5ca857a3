// How one likes to watch, on whichever device: the speed, and captions off or in a language. What is chosen here is
// kept on this device until the server has it. Of two devices the newest choice stands, by the server's clock.

import { has, send, type KeptSettings } from './api.ts';
import { remember, remembered } from './page.ts';

const NAMES = ['rate', 'captions'] as const;
type Name = (typeof NAMES)[number];
type Value = number | string;

/** A choice that the server does not have yet; `since` is Unix ms by this device. */
interface Waiting {
  value: Value;
  since: number;
}

/** Who tries one speed after the other has chosen the last. */
const SETTLE_MS = 800;
/** A server that did not answer is asked again after this long, or once the network is back. */
const AGAIN_MS = 20_000;
const KEPT = has('rate_at_ms', 'captions_at_ms');
/** The server takes nothing older; by then it is old in any case. */
const OLDEST_MS = 366 * 24 * 3_600_000;

export class Settings {
  #url: string;
  #person: string;
  #kept: KeptSettings;
  #waiting = new Map<Name, Waiting>();
  #sending: Promise<void> = Promise.resolve();
  #timer = 0;
  #told: [number | null, string | null];
  /** Told when something else is in force than was, and not by a choice made here. */
  onChange: () => void = () => undefined;

  constructor(url: string, person: string, kept: KeptSettings) {
    [this.#url, this.#person, this.#kept] = [url, person, kept];
    for (const name of NAMES) {
      const left = this.#left(name);
      if (left) this.#waiting.set(name, left);
    }
    this.#told = [this.rate, this.captions];
  }

  /** The speed that was wished, or null; a course may hold it down. */
  get rate(): number | null {
    return (this.#waiting.get('rate')?.value ?? this.#kept.rate) as number | null;
  }

  /** The language of captions, "off", or null where nothing was chosen yet. */
  get captions(): string | null {
    return (this.#waiting.get('captions')?.value ?? this.#kept.captions) as string | null;
  }

  /** Choose by hand: in force at once, kept on this device, sent once it has settled. */
  choose(name: Name, value: Value): void {
    const choice = { value, since: Date.now() };
    this.#waiting.set(name, choice);
    remember(this.#key(name), text(choice));
    this.#told = [this.rate, this.captions];
    this.#later(SETTLE_MS);
  }

  /** Take what the server says, which another device may have chosen; older news change nothing. */
  take(kept: KeptSettings): void {
    const before = this.#kept;
    const rate = kept.rate_at_ms >= before.rate_at_ms ? kept : before;
    const captions = kept.captions_at_ms >= before.captions_at_ms ? kept : before;
    this.#kept = {
      rate: rate.rate,
      rate_at_ms: rate.rate_at_ms,
      captions: captions.captions,
      captions_at_ms: captions.captions_at_ms,
    };
    this.#tell();
  }

  /** Send what waits, one choice after the other. */
  flush(): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      for (const name of NAMES) await this.#send(name, false);
    });
    return this.#sending;
  }

  /** The page may be going: send what waits without waiting for an answer; it stays on this device until one came. */
  leave(): void {
    for (const name of NAMES) void this.#send(name, true);
  }

  async #send(name: Name, keepalive: boolean): Promise<void> {
    const choice = this.#waiting.get(name);
    if (!choice) return;
    const age_ms = Math.min(Math.max(Date.now() - choice.since, 0), OLDEST_MS);
    const body = { person: this.#person, [name]: choice.value, age_ms };
    const outcome = await send<KeptSettings>(this.#url, body, { method: 'PATCH', keepalive, fits: KEPT });
    if (outcome.kind === 'later' || outcome.kind === 'signed_out') {
      this.#later(AGAIN_MS);
      return;
    }
    // A choice made while this one was under way still waits; one that is refused will never be taken.
    if (this.#waiting.get(name) === choice) this.#waiting.delete(name);
    if (remembered(this.#key(name)) === text(choice)) remember(this.#key(name), null);
    if (outcome.kind === 'ok') this.take(outcome.value);
    else this.#tell();
  }

  #later(ms: number): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.flush(), ms);
  }

  #tell(): void {
    const [rate, captions] = this.#told;
    if (rate === this.rate && captions === this.captions) return;
    this.#told = [this.rate, this.captions];
    this.onChange();
  }

  /**
   * Whose choice it is and where it goes are in the key: a shared computer never sends one person's as another's,
   * and a preview, which keeps nothing, does not take what waits for the lesson.
   */
  #key(name: Name): string {
    return `${name}:${this.#person}:${this.#url}`;
  }

  #left(name: Name): Waiting | null {
    try {
      const [value, since] = JSON.parse(remembered(this.#key(name)) ?? '[]') as [unknown, unknown];
      const fits = typeof value === (name === 'rate' ? 'number' : 'string') && typeof since === 'number';
      return fits ? { value: value as Value, since: since as number } : null;
    } catch {
      return null;
    }
  }
}

function text({ value, since }: Waiting): string {
  return JSON.stringify([value, since]);
}
