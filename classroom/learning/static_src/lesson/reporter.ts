// The heartbeat: spans become reports, reports wait in the store until the server has acknowledged
// them. It touches neither page nor network itself, so that it can be tested with a clock of its own.
//
// A report may grow until it is first sent; from then on it never changes, since the server answers a
// repeated (session, seq) from what it stored and would not see what was added later. Other pages send
// what they find in the store: one that may still grow is marked there, and left alone while its page lives.

import type { Acknowledgement, Interval, Outcome, Report } from './api.ts';
import type { Kept, Store } from './store.ts';
import { asTold, backOff } from './waiting.ts';
import { joined, type Span } from '../../../../media/static_src/player/spans.ts';

export type SaveState = 'ready' | 'saving' | 'saved' | 'offline' | 'busy' | 'resending' | 'signed_out' | 'refused';

export interface Status {
  state: SaveState;
  /** Reports that wait, the one under way included. */
  waiting: number;
  /** When the server last acknowledged, Unix ms. */
  savedAt: number | null;
  /** Since when nothing gets through, Unix ms. */
  since: number | null;
  detail: string;
  /** Whether all that waits would outlive the page. */
  lasts: boolean;
}

export interface ReporterOptions {
  session: string;
  person: string;
  store: Store;
  /** How long playing without the server's answer may count, ms. */
  allowance: number;
  /** Milliseconds since the session's opening. */
  clock: () => number;
  now: () => number;
  /** Where the player stands; null before it stands anywhere. */
  position: () => number | null;
  /** Where the server knows one to be when the viewing opens. */
  start: number;
  /** Whether other pages know that this viewing is open, so that a report in the store may still grow. */
  isOpen: () => boolean;
  post: (report: Report, leaving: boolean) => Promise<Outcome<Acknowledgement>>;
  changed: (status: Status) => void;
  acknowledged: (answer: Acknowledgement) => void;
  /** 0 to 1, so that not every page comes back to a busy server at the same moment. */
  chance?: () => number;
}

export const REPORT_MS = 15_000;
const CONTACT_MS = 30_000;
/** A lesser move is no other place. */
const MOVED_MS = 1_000;

export class Reporter {
  status: Status = { state: 'ready', waiting: 0, savedAt: null, since: null, detail: '', lasts: true };
  #o: ReporterOptions;
  #seq = 0;
  #draft: Kept | null = null;
  #sealed: Kept[] = [];
  /** What the server refused; it is asked once more after it has taken another, since somebody else may have been
   *  signed in meanwhile. The store keeps it in any case. */
  #aside: Kept[] = [];
  #twice = new Set<Kept>();
  #refusal = '';
  #sending = false;
  #failures = 0;
  #nextTry = 0;
  /** The server asked to be left alone until then, whatever happens here meanwhile. */
  #heldUntil = 0;
  #draftSince = 0;
  #heard = 0;
  /** The place that was told last. */
  #told: number | null;

  constructor(options: ReporterOptions) {
    this.#o = options;
    this.#told = options.start;
    this.status.lasts = options.store.lasts;
  }

  /** What is left of the time that may be played without the server, ms. */
  get allowanceLeft(): number {
    return Math.max(0, this.#o.allowance - (this.#o.clock() - this.#heard));
  }

  /** What was shown and is not yet acknowledged. */
  get unacknowledged(): Interval[] {
    const waiting = this.#draft ? [...this.#sealed, this.#draft] : this.#sealed;
    return waiting.flatMap(({ spans }) => spans.map(({ s, e }): Interval => [s, e]));
  }

  /** Take a span into the report under way and keep it on this device. */
  async add(span: Span): Promise<void> {
    if (!this.#draft) {
      this.#draft = this.#report([]);
      this.#draftSince = span.t0;
    }
    const draft = this.#draft;
    draft.spans = joined([...draft.spans, span]);
    draft.position_ms = this.#told = this.#o.position();
    draft.at = this.#o.now();
    if (this.status.state === 'ready') this.#tell({ state: 'saving' });
    if (this.#o.isOpen()) {
      draft.grows = true;
      await this.#keep(draft);
    } else {
      // Another page could send it at any moment: it is what it is.
      await this.#seal();
    }
  }

  /** To be called every second: sends what is due. */
  async tick(): Promise<void> {
    const { clock } = this.#o;
    if (this.#draft && clock() - this.#draftSince >= REPORT_MS) void this.#seal();
    if (this.#sealed.length > 0 && clock() >= this.#nextTry) await this.#send();
  }

  /** Send everything now: playing was cut, or the network is back. */
  async flush(): Promise<void> {
    void this.#seal();
    this.#nextTry = 0;
    await this.#send();
  }

  /** Make sure the server has heard from this session lately, before a stretch of playing begins. */
  async contact(always = false): Promise<void> {
    if (!always && this.#o.clock() - this.#heard < CONTACT_MS) return;
    void this.#seal();
    if (this.#sealed.length === 0) this.#sealed.push(this.#report([]));
    this.#nextTry = 0;
    await this.#send();
  }

  /** The device has now kept what it did not take before. */
  kept(): void {
    if (this.#o.store.lasts && !this.status.lasts) this.#tell({ lasts: true, detail: this.status.detail });
  }

  /** The page goes: hand everything to the browser to deliver, busy or not; the store keeps its copy. */
  leave(): void {
    void this.#seal();
    this.#place();
    for (const report of this.#sealed) void this.#o.post(wire(report), true);
  }

  /** The page goes out of sight, on a phone perhaps for good. */
  async hide(): Promise<void> {
    void this.#seal();
    this.#place();
    await this.flush();
  }

  /** Where one went without playing is told as well, so that one resumes there. */
  #place(): void {
    const at = this.#o.position();
    if (this.#sealed.length > 0 || at === null || this.#told === null) return;
    if (Math.abs(at - this.#told) >= MOVED_MS) this.#sealed.push(this.#report([]));
  }

  #report(spans: Span[]): Kept {
    const { session, person, position, now } = this.#o;
    const seq = this.#seq;
    this.#seq += 1;
    this.#told = position();
    return { session, seq, spans, position_ms: this.#told, person, at: now() };
  }

  /** From now on the report never changes; resolves once the store says so, too. */
  async #seal(): Promise<void> {
    const draft = this.#draft;
    if (!draft) return;
    this.#sealed.push(draft);
    this.#draft = null;
    delete draft.grows;
    await this.#keep(draft);
  }

  async #keep(report: Kept): Promise<void> {
    try {
      await this.#o.store.put(report);
    } catch {
      // A full disk: the report still is in memory and goes out from there.
      this.#tell({ lasts: false });
    }
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#o.clock() < this.#heldUntil) return;
    this.#sending = true;
    try {
      while (this.#sealed.length > 0) {
        const first = this.#sealed[0]!;
        this.#tell({ state: this.#failures > 0 ? 'resending' : 'saving' });
        const outcome = await this.#o.post(wire(first), false);
        if (!(await this.#settle(first, outcome))) return;
      }
    } finally {
      this.#sending = false;
    }
  }

  /** Deal with an answer; true where the next report may go. */
  async #settle(report: Kept, outcome: Outcome<Acknowledgement>): Promise<boolean> {
    const { now, clock, store } = this.#o;
    if (outcome.kind === 'ok') {
      this.#failures = 0;
      this.#heard = clock();
      this.#sealed = this.#sealed.filter((other) => other !== report);
      await store.drop(report.session, report.seq).catch(() => undefined);
      this.#askAgain();
      const isAll = this.#sealed.length === 0 && !this.#draft;
      const lasts = isAll ? store.lasts : this.status.lasts;
      const done = this.#aside.length > 0 ? 'refused' : 'saved';
      const state = this.#sealed.length > 0 ? 'resending' : done;
      this.#tell({ state, detail: done === 'refused' ? this.#refusal : '', savedAt: now(), since: null, lasts });
      this.#o.acknowledged(outcome.value);
      return true;
    }
    if (outcome.kind === 'refused') {
      // Step over it, so that it does not hold up what comes after.
      this.#sealed = this.#sealed.filter((other) => other !== report);
      this.#aside.push(report);
      this.#refusal = outcome.detail;
      this.#tell({ state: 'refused', detail: outcome.detail, since: this.status.since ?? now() });
      return false;
    }
    this.#wait(outcome.kind === 'later' ? outcome.after : undefined);
    const cut = outcome.kind === 'later' && !outcome.offline ? 'busy' : 'offline';
    this.#tell({ state: outcome.kind === 'signed_out' ? 'signed_out' : cut, since: this.status.since ?? now() });
    return false;
  }

  /** Leave the server alone: for as long as it said (`after`, ms), or longer with each failure. */
  #wait(after: number | undefined): void {
    const { clock, chance = Math.random } = this.#o;
    const told = after !== undefined;
    this.#nextTry = clock() + (told ? asTold(after, chance()) : backOff(this.#failures, chance()));
    if (told) this.#heldUntil = this.#nextTry;
    this.#failures += 1;
  }

  #askAgain(): void {
    const again = this.#aside.filter((report) => !this.#twice.has(report));
    for (const report of again) this.#twice.add(report);
    this.#aside = this.#aside.filter((report) => !again.includes(report));
    this.#sealed.push(...again);
  }

  #tell(change: Partial<Status>): void {
    const waiting = this.#sealed.length + (this.#draft ? 1 : 0);
    this.status = { ...this.status, detail: '', ...change, waiting };
    this.#o.changed(this.status);
  }
}

/** Return of a report what goes to the server. */
export function wire({ session, seq, spans, position_ms }: Report): Report {
  return { session, seq, spans, position_ms };
}
