// The lesson page: one lecture, one session at a time, and what the page says about both.

import { Lecture, type Failure, type Span } from '../../../../media/static_src/player/lecture.ts';
import { send, type Acknowledgement, type Grant, type Interval, type Presence, type Report } from './api.ts';
import { Captions } from './captions.ts';
import { Controls } from './controls.ts';
import { furthest, gaps, missing, nextGap, previousGap, seekLimit, union } from './intervals.ts';
import { Notes } from './notes.ts';
import { Notices } from './notices.ts';
import { device, mediaKeys } from './device.ts';
import { mark, part, parts, type LessonData } from './page.ts';
import { PresenceCheck } from './presence.ts';
import { deliver, Reporter, type Status } from './reporter.ts';
import { RulerView } from './ruler-view.ts';
import { SaveState } from './save-state.ts';
import { shortcuts } from './shortcuts.ts';
import { openStore, type Store } from './store.ts';
import { Summary } from './summary.ts';
import { Transcript } from './transcript.ts';
import { clock, fill, timeOfDay } from './words.ts';

const ARROW_MS = 5_000;
const LETTER_MS = 10_000;
/** How long a kind refusal to jump ahead stays on the page. */
const SEEK_NOTE_MS = 8_000;

export class LessonPage {
  #data: LessonData;
  #store!: Store;
  #lecture!: Lecture;
  #reporter: Reporter | null = null;
  #grant: Grant | null = null;
  #opened = performance.now();
  #verified: Interval[];
  #reach: number;
  #stopAt: number | null = null;
  #renewals = 0;
  #hasLease = true;
  #seekNote = 0;
  #keys: { tell: () => void } = { tell: () => undefined };

  #captions: Captions;
  #controls: Controls;
  #ruler: RulerView;
  #summary: Summary;
  #transcript: Transcript;
  #notes: Notes;
  #notices = new Notices();
  #save: SaveState;
  #presence: PresenceCheck;

  constructor(data: LessonData) {
    this.#data = data;
    [this.#verified, this.#reach] = [data.coverage, data.furthest_ms];
    const { words, duration_ms: duration } = data;
    const video = part<HTMLVideoElement>('video');
    const seek = (ms: number): void => this.seek(ms);
    this.#lecture = new Lecture(video, {
      duration,
      clock: () => this.#clock(),
      hiddenPauses: data.hidden_pauses,
    });
    this.#captions = new Captions(video);
    this.#controls = new Controls(this.#lecture, this.#captions, data.rates, words, {
      play: () => this.toggle(),
      back: () => this.seek(this.#lecture.position - LETTER_MS),
    });
    this.#ruler = new RulerView(duration, words, seek);
    this.#summary = new Summary(words, (start, end) => this.playGap(start, end));
    this.#transcript = new Transcript(words, seek);
    this.#notes = new Notes(data.addresses.notes, data.lesson, words, () => this.#lecture.position, seek);
    this.#save = new SaveState(words);
    this.#presence = new PresenceCheck(words, {
      answer: (id) => send(`${this.#session}presence/${id}/`, { action: 'answer' }),
      extend: (id) => send<Presence>(`${this.#session}presence/${id}/`, { action: 'extend' }),
      missed: () => this.#lecture.video.pause(),
      answered: () => void this.#reporter?.contact(true).then(() => this.play()),
    });
    this.#captions.onCues = (cues, language) => {
      this.#transcript.fill(cues, language);
      this.#draw(true);
    };
    this.#listen();
    this.#draw(true);
  }

  /** Open the session and bring in the stream; what earlier pages left is delivered beside it. */
  async start(): Promise<void> {
    this.#store = await openStore();
    if (!this.#store.lasts) this.#note('memory');
    await this.sit(this.#data.start_ms);
    await this.#deliver();
  }

  /** Take the crediting lease with a session of this page, at `start` or where it was left. */
  async sit(start: number | null): Promise<void> {
    const { addresses, enrolment, lesson } = this.#data;
    this.#stage('loading');
    const outcome = await send<Grant>(addresses.sessions, { enrolment, lesson, device: device() });
    if (outcome.kind !== 'ok') {
      this.#stage('failed');
      this.#unopened(outcome);
      return;
    }
    const grant = outcome.value;
    this.#opened = performance.now();
    this.#grant = grant;
    this.#hasLease = true;
    [this.#verified, this.#reach] = [grant.coverage, grant.furthest_ms];
    this.#notices.clear('lease', 'failed', 'allowance');
    this.#reporter = this.#newReporter(grant);
    if (grant.storyboard_url) void this.#ruler.thumbnails(grant.storyboard_url);
    void this.#captions.offer(grant.captions).then(() => this.#controls.listCaptions());
    const at = start ?? grant.position_ms;
    const from = at >= grant.duration_ms - 2000 ? 0 : Math.min(at, this.#limit);
    await this.#lecture.load(grant.manifest_url, from);
    this.#draw(true);
  }

  toggle(): void {
    if (this.#lecture.video.paused) void this.play();
    else this.#lecture.video.pause();
  }

  /** Play, if what is played can count; otherwise say why not. */
  async play(): Promise<void> {
    if (!this.#hasLease || !this.#reporter) return;
    void this.#reporter.contact();
    if (this.#reporter.allowanceLeft <= 0 && this.#reporter.status.state !== 'saved') {
      this.#note('allowance');
      return;
    }
    await this.#lecture.video.play().catch(() => undefined);
  }

  /** Jump to `ms`, or as near as a first view may come. */
  seek(ms: number): void {
    this.#stopAt = null;
    this.#lecture.seek(this.#allowed(ms));
    this.#draw();
  }

  /** Play one gap, and stop where it ends. */
  playGap(start: number, end: number): void {
    this.seek(start);
    this.#stopAt = end;
    void this.play();
  }

  get #session(): string {
    return `${this.#data.addresses.sessions}${this.#grant?.session ?? ''}/`;
  }

  get #limit(): number {
    const reach = Math.max(this.#reach, furthest(this.#shown));
    return seekLimit(reach, this.#data.duration_ms, this.#grant?.policy.free_seek ?? this.#data.free_seek);
  }

  /** Everything shown so far, acknowledged or not. */
  get #shown(): Interval[] {
    return union(this.#verified, this.#reporter?.unacknowledged ?? []);
  }

  get #missing(): Interval[] {
    return missing(this.#shown, this.#data.duration_ms, this.#data.tolerance_ms);
  }

  get #gaps(): Interval[] {
    return gaps(this.#missing, Math.max(this.#reach, furthest(this.#shown)));
  }

  #isVerified(ms: number): boolean {
    return this.#verified.some(([start, end]) => start <= ms && ms < end);
  }

  #clock(): number {
    return performance.now() - this.#opened;
  }

  /** The place that may be shown for `ms`; a refusal is told, kindly and once. */
  #allowed(ms: number): number {
    const target = Math.min(Math.max(ms, 0), this.#data.duration_ms);
    const running = this.#lecture.recorder.isOpen ? this.#lecture.position : 0;
    const limit = Math.max(this.#limit, running);
    if (target <= limit + 250) return target;
    this.#notices.set('seek', {
      title: this.#data.words.seek_title!,
      text: fill(this.#data.words.seek_text!, { time: clock(limit) }),
    });
    window.clearTimeout(this.#seekNote);
    this.#seekNote = window.setTimeout(() => this.#notices.clear('seek'), SEEK_NOTE_MS);
    return limit;
  }

  #newReporter(grant: Grant): Reporter {
    return new Reporter({
      session: grant.session,
      person: this.#data.person,
      store: this.#store,
      allowance: grant.policy.offline_allowance_s * 1000,
      clock: () => this.#clock(),
      now: () => Date.now(),
      position: () => (this.#lecture.isLoaded ? this.#lecture.position : null),
      post: (report, leaving) => this.#post(report, leaving),
      changed: (status) => this.#status(status),
      acknowledged: (answer) => this.#acknowledged(answer),
    });
  }

  #post(report: Report, leaving = false): ReturnType<typeof send<Acknowledgement>> {
    const { session, ...body } = report;
    const url = `${this.#data.addresses.sessions}${session}/heartbeat/`;
    return send<Acknowledgement>(url, body, { keepalive: leaving });
  }

  async #deliver(): Promise<void> {
    const { person } = this.#data;
    const current = this.#grant?.session ?? '';
    const before = (await this.#store.all(person)).filter((row) => row.session !== current).length;
    if (before === 0) return;
    const left = await deliver(this.#store, person, current, (report) => this.#post(report), Date.now());
    // What was just delivered may be of this lesson: ask how it stands now.
    if (left < before) await this.#reporter?.contact(true);
  }

  #acknowledged(answer: Acknowledgement): void {
    [this.#verified, this.#reach] = [answer.coverage, answer.furthest_ms];
    if (!answer.has_lease) this.#lost();
    if (answer.presence && this.#presence.ask(answer.presence)) {
      // From this contact on the server knows that the question is on the screen: the time runs.
      void this.#reporter?.contact(true);
    }
    if (answer.refused.length > 0) this.#refused(answer.refused[0]!.reason);
    if (answer.lesson_completed) this.#completed(answer.course_completed);
    this.#draw(true);
  }

  #status(status: Status): void {
    this.#save.show(status);
    if (status.state === 'saved') this.#notices.clear('offline', 'allowance');
    this.#offline(status);
  }

  /** Keep the note on being cut off true: since when, and how long one may go on. */
  #offline(status: Status): void {
    const { words, addresses } = this.#data;
    const cut = status.state === 'offline' || status.state === 'signed_out';
    if (!cut || !this.#reporter || status.since === null) return;
    const left = Math.min(this.#reporter.allowanceLeft, Math.max(this.#lecture.buffered, 0));
    const since = timeOfDay(new Date(status.since));
    if (this.#reporter.allowanceLeft <= 0) {
      this.#lecture.video.pause();
      this.#note('allowance');
    }
    this.#notices.set('offline', {
      title: fill(words[`${status.state}_title`]!, { time: since }),
      text: fill(words[`${status.state}_text`]!, { minutes: Math.floor(left / 60_000), seconds: Math.floor(left / 1000) % 60 }),
      action: status.state === 'signed_out' ? words.sign_in : undefined,
      act: () => window.open(addresses.sign_in, '_blank', 'noopener'),
    });
  }

  #lost(): void {
    this.#hasLease = false;
    this.#lecture.video.pause();
    const { words } = this.#data;
    this.#notices.set('lease', {
      title: words.lease_title!,
      text: words.lease_text!,
      action: words.lease_action!,
      act: () => void this.sit(this.#lecture.position).then(() => this.play()),
    });
  }


  #refused(reason: string): void {
    const { words } = this.#data;
    this.#notices.set('refused', { title: words.refused_title!, text: reason });
  }

  #completed(course: boolean): void {
    for (const panel of parts('completed')) panel.hidden = false;
    part('completed-course').hidden = !course;
    part('completed-lesson').hidden = course;
  }

  /** A note that only says something; its words are named after it. */
  #note(kind: 'memory' | 'allowance'): void {
    const { words } = this.#data;
    this.#notices.set(kind, { title: words[`${kind}_title`]!, text: words[`${kind}_text`]! });
  }

  #unopened(outcome: { kind: string; detail?: string }): void {
    const { words, addresses } = this.#data;
    const out = outcome.kind === 'signed_out';
    this.#notices.set('failed', {
      title: words.unopened_title!,
      text: outcome.detail || words[out ? 'unopened_signed_out' : 'unopened_text']!,
      action: words[out ? 'sign_in' : 'retry'],
      act: () => (out ? window.open(addresses.sign_in, '_blank', 'noopener') : void this.start()),
    });
  }

  /** Playing broke off. A grant that ran out is renewed; everything else is told with a way out. */
  #failed(failure: Failure): void {
    if (failure.kind === 'refused' && this.#renewals < 2) {
      this.#renewals += 1;
      const playing = !this.#lecture.video.paused;
      void this.sit(this.#lecture.position).then(() => (playing ? this.play() : undefined));
      return;
    }
    const { words } = this.#data;
    this.#stage('failed');
    this.#notices.set('failed', {
      title: words.failed_title!,
      text: words[`failed_${failure.kind}`]!,
      action: failure.kind === 'unsupported' ? undefined : words.retry,
      act: () => {
        this.#notices.clear('failed');
        this.#stage('loading');
        this.#lecture.retry();
      },
    });
  }

  #stage(state: 'loading' | 'ready' | 'waiting' | 'failed'): void {
    part('stage').dataset.state = state;
  }

  #listen(): void {
    const { video } = this.#lecture;
    const on = <T>(name: string, handler: (detail: T) => void): void =>
      video.addEventListener(name, (event) => handler((event as CustomEvent<T>).detail));
    on<Span>('lecture:span', (span) => {
      void this.#reporter?.add(span).then(() => {
        if (video.paused) void this.#reporter?.flush();
      });
      this.#draw(true);
    });
    on<Failure>('lecture:failed', (failure) => this.#failed(failure));
    on<boolean>('lecture:stalled', (stalled) => this.#stage(stalled ? 'waiting' : 'ready'));
    on('loadeddata', () => this.#stage('ready'));
    on('seeking', () => this.#hold());
    on('seeked', () => this.#draw());
    on('play', () => this.#frame());
    on('pause', () => this.#draw());
    on('click', () => this.toggle());
    this.#leaving();
    setInterval(() => this.#second(), 1000);
    shortcuts(part('player'), (action) => this.#run(action));
    this.#keys = mediaKeys(this.#lecture, this.#data, (ms) => this.seek(ms), () => void this.play());
  }

  #leaving(): void {
    addEventListener('pagehide', () => {
      this.#lecture.cut();
      // The span just closed has reached the report at once; only its copy on disk comes later.
      this.#reporter?.leave();
    });
    addEventListener('online', () => void this.#reporter?.flush().then(() => this.#deliver()));
    addEventListener('focus', () => {
      if (this.#reporter?.status.state === 'signed_out') void this.#reporter.flush();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') void this.#reporter?.flush();
    });
  }

  /** A jump that came round our own controls (media keys, picture in picture) is held to the same rule. */
  #hold(): void {
    const at = this.#lecture.position;
    const to = this.#allowed(at);
    if (to < at) this.#lecture.video.currentTime = to / 1000;
  }

  #second(): void {
    if (!this.#reporter) return;
    void this.#reporter.tick();
    this.#offline(this.#reporter.status);
    this.#keys.tell();
  }

  /** Beside the playing picture: captions and pointer move with it, everything else by the second. */
  #frame(): void {
    const { video } = this.#lecture;
    if (video.paused) return;
    const at = this.#lecture.position;
    if (this.#stopAt !== null && at >= this.#stopAt) {
      this.#stopAt = null;
      video.pause();
    }
    this.#draw();
    requestAnimationFrame(() => this.#frame());
  }

  #draw(all = false): void {
    const position = this.#lecture.position;
    const pending = this.#reporter?.unacknowledged ?? [];
    const holes = this.#gaps;
    this.#controls.limit(this.#isVerified(position) ? null : (this.#grant?.policy.rate_cap ?? 1));
    this.#ruler.draw({ verified: this.#verified, pending, gaps: holes, position });
    this.#captions.draw(position);
    this.#controls.time(position, this.#data.duration_ms);
    this.#notes.follow(position);
    this.#transcript.follow(position);
    if (!all) return;
    const { duration_ms: duration } = this.#data;
    this.#summary.draw({ verified: this.#verified, missing: this.#missing, gaps: holes, duration });
    this.#transcript.mark(holes);
  }

  #run(action: string): void {
    const at = this.#lecture.position;
    const gap = action === 'previous_gap' ? previousGap(this.#gaps, at) : nextGap(this.#gaps, at);
    const acts: Record<string, () => void> = {
      play: () => this.toggle(),
      back: () => this.seek(at - LETTER_MS),
      forward: () => this.seek(at + LETTER_MS),
      left: () => this.seek(at - ARROW_MS),
      right: () => this.seek(at + ARROW_MS),
      louder: () => this.#controls.volume(0.1),
      quieter: () => this.#controls.volume(-0.1),
      mute: () => this.#controls.mute(),
      captions: () => void this.#controls.captions(),
      fullscreen: () => this.#controls.fullscreen(),
      pip: () => this.#controls.pip(),
      faster: () => this.#controls.step(1),
      slower: () => this.#controls.step(-1),
      next_gap: () => gap && this.playGap(gap[0], gap[1]),
      previous_gap: () => gap && this.playGap(gap[0], gap[1]),
      search: () => this.#transcript.focusSearch(),
      help: () => part<HTMLDialogElement>('help').showModal(),
    };
    acts[action]?.();
  }
}

/** Begin, if this page is a lesson with a lecture. */
export function begin(data: LessonData | null): void {
  if (!data) return;
  mark(part('player'), 'data-ready', true);
  void new LessonPage(data).start();
}
