// One file straight into the bucket: parts side by side, each to an address that the server has signed.
// What the bucket has, the server asks it; nothing is believed that this page remembers.

import { detailOf, isGone } from './answers.ts';
import { told } from './fingerprint.ts';
import { forget, recall, remember } from './memory.ts';
import { Parts } from './parts.ts';
import type { State } from './queue.ts';
import { Pace, retryDelays, worthRetrying } from './rules.ts';
import { keyOf, type Seen, type Sending, type Settings } from './sending.ts';
import type { Answer, Wire } from './wire.ts';

/** Parts on their way at the same time, and addresses asked for at once. */
export const LANES = 4;
export const ADDRESSES = 8;
/** So often in a row a part may be turned away before it is given up, or sent through the server instead. */
export const TRIES = 3;
/** How often the server is asked what has arrived, so that it is seen elsewhere and a cancellation is noticed. */
const TELL_EVERY = 15_000;
const HEAD = 512;

interface Told {
  url: string;
  state: 'receiving' | 'checking' | 'finished';
  part_size: number;
  have: number[];
}

interface Address {
  url: string;
  until: number;
}

/** What ends an upload: the server's answer, or a word of ours. */
class Stopped extends Error {
  readonly status: number;
  readonly said: string;

  constructor(status: number, said: string) {
    super(said);
    this.status = status;
    this.said = said;
  }
}

/** The bucket takes nothing from this page: it has no rule for it, or cannot be reached from here. */
class Closed extends Error {}

export class Direct implements Sending {
  readonly file: File;
  readonly #own: Seen = { state: 'waiting', sent: 0, pace: new Pace(), detail: '', known: false };
  readonly #settings: Settings;
  readonly #wire: Wire;
  readonly #changed: () => void;
  readonly #through: () => Sending;
  #address: string | null;
  #run: AbortController | null = null;
  #parts: Parts | null = null;
  #addresses = new Map<number, Address>();
  #signing: Promise<void> | null = null;
  #instead: Sending | null = null;
  #why: unknown = null;

  /** `through` makes the upload through the server, for where the bucket is closed to this page. */
  constructor(
    file: File,
    settings: Settings,
    wire: Wire,
    changed: () => void,
    through: () => Sending,
    address: string | null = null,
  ) {
    this.file = file;
    this.#settings = settings;
    this.#wire = wire;
    this.#changed = changed;
    this.#through = through;
    this.#address = address;
  }

  get seen(): Seen {
    return this.#instead?.seen ?? this.#own;
  }

  async start(): Promise<void> {
    if (this.#instead) return this.#instead.start();
    if (this.#own.state === 'sending' || this.#own.state === 'done') return;
    this.#run?.abort();
    const run = (this.#run = new AbortController());
    this.#why = null;
    this.#set('sending');
    try {
      await this.#send(run.signal);
      this.#done();
    } catch (error) {
      // Paused or cancelled: whoever did that has said so.
      if (this.#run === run && !(run.signal.aborted && this.#own.state === 'paused')) await this.#ended(error);
    } finally {
      run.abort();
    }
  }

  async pause(): Promise<void> {
    if (this.#instead) return this.#instead.pause();
    this.#set('paused');
    this.#run?.abort();
  }

  async cancel(): Promise<void> {
    if (this.#instead) return this.#instead.cancel();
    await this.pause();
    if (this.#address) await this.#wire.ask('DELETE', this.#address, undefined);
    this.#forget();
  }

  async #send(signal: AbortSignal): Promise<void> {
    let now = await this.#open(signal);
    if (now.state !== 'receiving') return;
    const parts = (this.#parts = new Parts(this.file.size, now.part_size));
    parts.believe(now.have);
    this.#wire.every(TELL_EVERY, signal, () => void this.#tell(signal));
    for (;;) {
      await this.#sendParts(parts, signal);
      const answer = await this.#ask('POST', `${this.#address}complete/`, {}, signal, [409]);
      if (answer.status !== 409) return;
      // A part that was thought to be there is not.
      now = read(await this.#ask('GET', this.#address ?? '', undefined, signal));
      if (now.state !== 'receiving') return;
      parts.believe(now.have);
    }
  }

  /** Find the upload that was begun before, by this page or another one, or begin it. */
  async #open(signal: AbortSignal): Promise<Told> {
    const known = this.#address ?? recall(this.#key);
    if (known) {
      const answer = await this.#ask('GET', known, undefined, signal, [404, 410]);
      if (!isGone(answer.status)) {
        this.#address = known;
        return read(answer);
      }
      this.#forget();
    }
    const { name, size, type } = this.file;
    const asked: Record<string, unknown> = { length: size, filename: name, filetype: type };
    if (this.#settings.lecture !== null) asked['lecture'] = this.#settings.lecture;
    Object.assign(asked, await told(this.file), { head: await headOf(this.file) });
    const answer = await this.#ask('POST', this.#settings.direct, asked, signal, [404]);
    // Files are kept on the server now, or the lecture to be replaced is gone: the server will say.
    if (answer.status === 404) throw new Closed();
    const now = read(answer);
    this.#address = now.url;
    this.#own.known = now.state === 'finished';
    if (!this.#own.known) remember(this.#key, now.url);
    return now;
  }

  /** The first part alone shows whether the bucket is open to this page; then several go side by side. */
  async #sendParts(parts: Parts, signal: AbortSignal): Promise<void> {
    if (parts.isUntouched) await this.#sendNext(parts, signal);
    const lanes = Array.from({ length: LANES }, async () => {
      while (await this.#sendNext(parts, signal));
    });
    const ends = await Promise.allSettled(lanes);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Send one part to its end; false where none is left. */
  async #sendNext(parts: Parts, signal: AbortSignal): Promise<boolean> {
    const number = parts.take();
    if (number === null) return false;
    try {
      await this.#sendPart(parts, number, signal);
    } catch (error) {
      parts.putBack(number);
      // The others stop too: what ended this one ends the upload.
      if (!signal.aborted) this.#halt(error);
      throw error;
    }
    parts.arrived(number);
    this.#progress();
    return true;
  }

  async #sendPart(parts: Parts, number: number, signal: AbortSignal): Promise<void> {
    const bytes = this.file.slice(...parts.range(number));
    const delays = retryDelays();
    for (let lost = 0, refused = 0; !parts.has(number); ) {
      const address = await this.#addressOf(parts, number, signal);
      const status = await this.#wire.put(address, bytes, (sent) => this.#progress(parts, number, sent), signal);
      if (status >= 200 && status < 300) return;
      this.#addresses.delete(number);
      parts.note(number, 0);
      if (status === 0 && !(await isReadable(bytes))) throw new Stopped(0, 'unreadable');
      // Refused by the bucket: an address that is too old, or a transfer that it has forgotten.
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) refused += 1;
      lost += 1;
      this.#retrying();
      if (Math.max(refused, parts.isUntouched ? lost : 0) >= TRIES) {
        if (parts.isUntouched) throw new Closed();
        throw new Stopped(0, 'failed');
      }
      await this.#wire.wait(delays[lost - 1] ?? 60_000, signal);
      // While there is no network this waits; and a transfer that the bucket has forgotten is opened anew.
      await this.#refresh(parts, signal);
    }
  }

  async #addressOf(parts: Parts, number: number, signal: AbortSignal): Promise<string> {
    for (;;) {
      const found = this.#addresses.get(number);
      if (found && performance.now() < found.until) return found.url;
      this.#signing ??= this.#sign(parts, [number, ...parts.next(ADDRESSES - 1)], signal).finally(() => {
        this.#signing = null;
      });
      await this.#signing;
    }
  }

  async #sign(parts: Parts, numbers: number[], signal: AbortSignal): Promise<void> {
    const answer = await this.#ask('POST', `${this.#address}parts/`, { numbers }, signal, [403]);
    if (answer.status === 403) {
      // Another window may have completed it.
      await this.#refresh(parts, signal);
      throw new Stopped(403, detailOf(403, answer.body));
    }
    const said = JSON.parse(answer.body) as { addresses: { number: number; url: string }[]; expires_in: number };
    // A minute to spare, since a clock may run before or behind the bucket's.
    const until = performance.now() + (said.expires_in - 60) * 1000;
    for (const { number, url } of said.addresses) this.#addresses.set(number, { url, until });
  }

  /** Ask what has arrived. Another window may have sent some of it, or have completed it all. */
  async #refresh(parts: Parts, signal: AbortSignal): Promise<void> {
    const now = read(await this.#ask('GET', this.#address ?? '', undefined, signal));
    if (now.state !== 'receiving') throw new Stopped(200, now.state);
    this.#addresses.clear();
    parts.believe(now.have);
  }

  /** Ask now and then, without minding an answer that does not come. */
  async #tell(signal: AbortSignal): Promise<void> {
    if (this.#own.state !== 'sending' || !this.#address || !this.#parts) return;
    const answer = await this.#wire.ask('GET', this.#address, undefined, signal).catch(() => null);
    if (answer === null || signal.aborted) return;
    if (isGone(answer.status)) this.#halt(new Stopped(answer.status, detailOf(answer.status, answer.body)));
    if (answer.status !== 200) return;
    const now = read(answer);
    if (now.state !== 'receiving') this.#halt(new Stopped(200, now.state));
    for (const number of now.have) this.#parts.arrived(number);
  }

  /** Ask the server until it answers; what it refuses ends the upload, but for the statuses in `but`. */
  async #ask(method: string, address: string, body: unknown, signal: AbortSignal, but: number[] = []): Promise<Answer> {
    for (const delay of retryDelays()) {
      const answer = await this.#wire.ask(method, address, body, signal);
      const { status } = answer;
      if ((status >= 200 && status < 300) || but.includes(status)) return answer;
      if (!worthRetrying(status)) throw new Stopped(status, detailOf(status, answer.body));
      this.#retrying();
      await this.#wire.wait(Math.max(delay, 500), signal);
    }
    throw new Stopped(0, 'failed');
  }

  /** Stop all that runs because of one thing, which `#ended` then finds. */
  #halt(error: unknown): void {
    this.#why ??= error;
    this.#run?.abort();
  }

  async #ended(error: unknown): Promise<void> {
    const why = this.#why ?? error;
    this.#why = null;
    if (why instanceof Closed) return this.#goThrough();
    if (why instanceof Stopped && why.status === 200) return this.#done();
    if (why instanceof Stopped) {
      if (isGone(why.status)) this.#forget();
      this.#own.detail = why.said;
    } else {
      this.#own.detail = 'failed';
    }
    this.#set('failed');
  }

  /** Send it through the server: slower, but it arrives. */
  async #goThrough(): Promise<void> {
    if (this.#address) await this.#wire.ask('DELETE', this.#address, undefined);
    this.#forget();
    this.#instead = this.#through();
    await this.#instead.start();
  }

  #progress(parts: Parts | null = this.#parts, number = 0, sent = 0): void {
    if (!parts || this.#own.state === 'paused') return;
    if (number) parts.note(number, sent);
    if (this.#own.state === 'retrying') this.#own.state = 'sending';
    this.#own.sent = parts.sent;
    this.#own.pace.note(performance.now(), this.#own.sent);
    this.#changed();
  }

  #retrying(): void {
    if (this.#own.state === 'sending') this.#set('retrying');
  }

  #done(): void {
    this.#own.sent = this.file.size;
    // The same file sent later is a lecture of its own.
    this.#forget();
    this.#set('done');
  }

  #forget(): void {
    forget(this.#key);
    this.#address = null;
    this.#parts = null;
    this.#addresses.clear();
  }

  get #key(): string {
    return keyOf(this.file, this.#settings, this.#settings.direct);
  }

  #set(state: State): void {
    if (state !== 'sending') this.#own.pace.rest();
    this.#own.state = state;
    this.#changed();
  }
}

function read(answer: Answer): Told {
  return JSON.parse(answer.body) as Told;
}

async function headOf(file: File): Promise<string> {
  try {
    return btoa(String.fromCharCode(...new Uint8Array(await file.slice(0, HEAD).arrayBuffer())));
  } catch {
    return '';
  }
}

/** A file that was changed, moved or pulled out after it was chosen cannot be read any more. */
async function isReadable(bytes: Blob): Promise<boolean> {
  try {
    await bytes.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
