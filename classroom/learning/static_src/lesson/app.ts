// The lesson page: one lecture, one session at a time, and what the page says about both.

import { Lecture, type Failure, type Span } from '../../../../media/static_src/player/lecture.ts';
import { has, send, type Acknowledgement, type Answered, type Grant, type Outcome, type Presence, type Report } from './api.ts';
import { Chances } from './chances.ts';
import { brokenOff, cutOff, held, taken, uncounted, unopened } from './messages.ts';
import { Notices } from './notices.ts';
import { device, mediaKeys } from './device.ts';
import { onLeaving } from './leaving.ts';
import { part, type LessonData } from './page.ts';
import { PresenceCheck } from './presence.ts';
import { deliver, leftBehind, Reporter, type Status } from './reporter.ts';
import { SaveState } from './save-state.ts';
import { Screen } from './screen.ts';
import { SessionClock } from './session-clock.ts';
import { Settings } from './settings.ts';
import { Standing } from './standing.ts';
import { openStore, type Store } from './store.ts';
import { openViewings, ViewingLock } from './viewing-lock.ts';

/** How long a kind refusal to jump ahead stays on the page. */
const SEEK_NOTE_MS = 8_000;
const GRANTED = { fits: has('session', 'manifest_url') };
const EXTENDED = { fits: has('id', 'seconds_left') };

export class LessonPage {
  #data: LessonData;
  #store!: Store;
  /** The device's store opens while the server is asked for the viewing. */
  #ready: Promise<void> = Promise.resolve();
  #lecture!: Lecture;
  #reporter: Reporter | null = null;
  #lock: ViewingLock | null = null;
  #grant: Grant | null = null;
  #clock = new SessionClock(() => performance.now());
  #standing: Standing;
  #stopAt: number | null = null;
  #chances = new Chances(Date.now);
  #isOpening = false;
  #hasLease = true;
  /** Where the part begins that was last told not to count. */
  #uncountedAt = 0;
  #keys: { tell: () => void } = { tell: () => undefined };

  #settings: Settings;
  #screen: Screen;
  #notices = new Notices();
  #save: SaveState;
  #presence: PresenceCheck;

  constructor(data: LessonData) {
    this.#data = data;
    const { words, duration_ms: duration } = data;
    const lesson = { duration, tolerance: data.tolerance_ms, freeSeek: data.free_seek };
    this.#standing = new Standing(lesson, () => this.#reporter?.unacknowledged ?? []);
    this.#standing.take(data);
    const video = part<HTMLVideoElement>('video');
    this.#lecture = new Lecture(video, {
      duration,
      clock: () => this.#clock.ms,
      hiddenPauses: data.hidden_pauses,
    });
    this.#settings = new Settings(data.addresses.settings, data.person, data.settings);
    this.#screen = new Screen(data, this.#lecture, this.#standing, this.#settings, this);
    this.#save = new SaveState(words);
    this.#presence = new PresenceCheck(words, {
      answer: (id) => send<Answered>(`${this.#session}presence/${id}/`, { action: 'answer' }, { fits: has('id') }),
      extend: (id) => send<Presence>(`${this.#session}presence/${id}/`, { action: 'extend' }, EXTENDED),
      missed: () => this.#lecture.video.pause(),
      answered: (missed) => void this.#answered(missed),
    });
    this.#listen();
    this.#screen.draw(true);
  }

  /** Open the session and bring in the stream; what earlier pages left is delivered beside it. */
  async start(): Promise<void> {
    this.#ready = openStore().then((store) => {
      this.#store = store;
      if (!store.lasts) this.#notices.note('memory', this.#data.words);
    });
    await this.sit(this.#data.start_ms);
    await this.#ready;
    await this.#deliver();
    await this.#settings.flush();
  }

  /** Take the crediting lease with a session of this page, at `start` or where it was left; whether it opened. */
  async sit(start: number | null): Promise<boolean> {
    const { addresses, enrolment, lesson } = this.#data;
    const before = this.#reporter;
    await before?.flush();
    this.#stage('loading');
    const outcome = await send<Grant>(addresses.sessions, { enrolment, lesson, device: device() }, GRANTED);
    if (outcome.kind !== 'ok') {
      this.#stage('failed');
      this.#unopened(outcome, start);
      return false;
    }
    const grant = outcome.value;
    await this.#ready;
    // What was shown until now belongs to the viewing before, by its clock: close it there.
    this.#lecture.cut();
    void before?.flush();
    this.#lock?.release();
    this.#lock = new ViewingLock(grant.session);
    this.#clock.restart();
    this.#grant = grant;
    this.#lecture.video.dispatchEvent(new CustomEvent('lesson:granted', { detail: grant }));
    this.#hasLease = true;
    this.#standing.take(grant);
    this.#standing.freeSeek = grant.policy.free_seek;
    this.#notices.clear('lease', 'failed', 'allowance');
    this.#reporter = this.#newReporter(grant);
    this.#settings.take(grant.settings);
    this.#screen.offer(grant);
    await this.#lecture.load(grant.manifest_url, this.#standing.begin(start ?? grant.position_ms));
    this.#screen.draw(true);
    return true;
  }

  /** Open the next viewing where this one stands, before the server lets it end. */
  async #renew(): Promise<void> {
    if (this.#isOpening) return;
    this.#isOpening = true;
    const { video } = this.#lecture;
    const playing = !video.paused;
    if (!(await this.sit(this.#lecture.position))) video.pause();
    else if (playing) await video.play().catch(() => undefined);
    this.#isOpening = false;
    await this.#deliver();
  }

  toggle(): void {
    if (this.#lecture.video.paused) void this.play();
    else this.#lecture.video.pause();
  }

  /** Play, if what is played can count; otherwise say why not. */
  async play(): Promise<void> {
    if (!this.#hasLease || !this.#reporter) return;
    if (this.#clock.isEnding) await this.#renew();
    if (this.#clock.isEnding) return;
    void this.#reporter.contact();
    if (this.#reporter.allowanceLeft <= 0 && this.#reporter.status.state !== 'saved') {
      this.#notices.note('allowance', this.#data.words);
      return;
    }
    await this.#lecture.video.play().catch(() => undefined);
  }

  /** Jump to `ms`, or as near as a first view may come. */
  seek(ms: number): void {
    this.#stopAt = null;
    this.#lecture.seek(this.#allowed(ms));
    this.#screen.draw();
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

  /** The place that may be shown for `ms`; a refusal is told, kindly and once. */
  #allowed(ms: number): number {
    const running = this.#lecture.recorder.isOpen ? this.#lecture.position : 0;
    const { to, isHeld } = this.#standing.allowed(ms, running);
    if (!isHeld) return to;
    this.#notices.brief('seek', held(to, this.#data.words), SEEK_NOTE_MS);
    return to;
  }

  #newReporter(grant: Grant): Reporter {
    const lock = this.#lock;
    return new Reporter({
      session: grant.session,
      person: this.#data.person,
      store: this.#store,
      allowance: grant.policy.offline_allowance_s * 1000,
      clock: () => this.#clock.ms,
      now: () => Date.now(),
      position: () => (this.#lecture.isLoaded ? this.#lecture.position : null),
      start: grant.position_ms,
      isOpen: () => lock?.isHeld ?? false,
      post: (report, leaving) => this.#post(report, leaving),
      // A viewing that was followed by another still delivers; what it hears is not about this one.
      changed: (status) => this.#grant === grant && this.#status(status),
      acknowledged: (answer) => this.#grant === grant && this.#acknowledged(answer),
    });
  }

  async #post(report: Report, leaving = false): Promise<Outcome<Acknowledgement>> {
    const { session, ...body } = report;
    const url = `${this.#data.addresses.sessions}${session}/heartbeat/`;
    const sent = this.#clock.ms;
    const outcome = await send<Acknowledgement>(url, body, { keepalive: leaving, fits: has('highest_seq') });
    // Before anybody reckons with this contact: a machine that slept may have a clock that did, too.
    if (outcome.kind === 'ok' && session === this.#grant?.session) this.#clock.hear(outcome.value.session_ms, sent);
    return outcome;
  }

  async #deliver(): Promise<void> {
    const { person } = this.#data;
    const current = this.#grant?.session ?? '';
    const open = await openViewings();
    const before = leftBehind(await this.#store.all(person), current, open).length;
    if (before === 0) return;
    const left = await deliver(this.#store, person, current, (report) => this.#post(report), Date.now(), open);
    // What was just delivered may be of this lesson: ask how it stands now.
    if (left < before) await this.#reporter?.contact(true);
  }

  #acknowledged(answer: Acknowledgement): void {
    this.#standing.take(answer);
    if (!answer.has_lease) this.#lost();
    if (answer.presence && this.#presence.ask(answer.presence)) {
      // From this contact on the server knows that the question is on the screen: the time runs.
      void this.#reporter?.contact(true);
    }
    this.#uncounted(answer.refused);
    if (answer.lesson_completed) this.#screen.completed(answer.course_completed);
    this.#screen.draw(true);
  }

  /** What was not counted is told, with the way to make it up, until it is verified. */
  #uncounted(refused: Acknowledgement['refused']): void {
    const { words } = this.#data;
    const [first] = refused;
    if (first) {
      this.#uncountedAt = first.s;
      const act = (): void => this.#makeUp();
      this.#notices.set('refused', { ...uncounted(first.reason, words), act });
    } else if (this.#standing.isVerified(this.#uncountedAt)) {
      this.#notices.clear('refused');
    }
    // By a clock this far ahead nothing more would count: the next viewing begins a new one.
    if (refused.some(({ rule }) => rule === 'past')) void this.#renew();
  }

  /** Play the first part that was left out; where nothing was shown behind it, it begins at the furthest point. */
  #makeUp(): void {
    const [gap] = this.#standing.gaps;
    if (gap) this.playGap(...gap);
    else {
      this.seek(this.#standing.limit);
      void this.play();
    }
  }

  /** A question was answered. What was shown in vain since it was asked is played again. */
  async #answered(missed: boolean): Promise<void> {
    await this.#reporter?.contact(true);
    if (missed && this.#lecture.position > this.#standing.limit) this.seek(this.#standing.limit);
    await this.play();
  }

  #status(status: Status): void {
    this.#save.show(status);
    if (status.state === 'saved') this.#notices.clear('offline', 'allowance');
    if (!status.lasts) this.#notices.note('memory', this.#data.words);
    this.#offline(status);
  }

  /** Keep the note on being cut off true: since when, and how long one may go on. */
  #offline(status: Status): void {
    if (!this.#reporter) return;
    const { words, addresses } = this.#data;
    const { allowanceLeft } = this.#reporter;
    const told = cutOff(status, Math.min(allowanceLeft, Math.max(this.#lecture.buffered, 0)), words);
    if (!told) return;
    if (allowanceLeft <= 0) {
      this.#lecture.video.pause();
      this.#notices.note('allowance', words);
    }
    const action = status.state === 'signed_out' ? words.sign_in : undefined;
    this.#notices.set('offline', { ...told, action, act: () => window.open(addresses.sign_in, '_blank', 'noopener') });
  }

  #lost(): void {
    this.#hasLease = false;
    this.#lecture.video.pause();
    const act = (): void => void this.sit(this.#lecture.position).then(() => this.play());
    this.#notices.set('lease', { ...taken(this.#data.words), act });
  }

  #unopened(outcome: Exclude<Outcome<unknown>, { kind: 'ok' }>, start: number | null): void {
    const { words, addresses } = this.#data;
    const again = (): void => void this.sit(start).then(() => this.#deliver());
    const signIn = (): void => void window.open(addresses.sign_in, '_blank', 'noopener');
    this.#notices.set('failed', { ...unopened(outcome, words), act: outcome.kind === 'signed_out' ? signIn : again });
  }

  /** Playing broke off. A grant that ran out is renewed; everything else is told with a way out. */
  #failed(failure: Failure): void {
    if (failure.kind === 'refused' && this.#chances.take()) {
      const playing = !this.#lecture.video.paused;
      return void this.sit(this.#lecture.position).then(() => (playing ? this.play() : undefined));
    }
    // What is in the buffer is shown to its end.
    const stage = (state: 'loading' | 'failed'): void => (this.#lecture.recorder.isOpen ? undefined : this.#stage(state));
    const act = (): void => {
      this.#notices.clear('failed');
      stage('loading');
      this.#lecture.retry();
    };
    stage('failed');
    if (failure.kind === 'network') addEventListener('online', act, { once: true });
    this.#notices.set('failed', { ...brokenOff(failure.kind, this.#data.words), act });
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
      this.#screen.draw(true);
    });
    on<Failure>('lecture:failed', (failure) => this.#failed(failure));
    on<boolean>('lecture:stalled', (stalled) => this.#stage(stalled ? 'waiting' : 'ready'));
    on('loadeddata', () => this.#stage('ready'));
    on('seeking', () => this.#hold());
    on('seeked', () => this.#screen.draw());
    on('play', () => this.#frame());
    on('timeupdate', () => this.#stop());
    on('pause', () => this.#screen.draw());
    on('click', () => this.toggle());
    on<boolean>('lesson:completed', (course) => this.#screen.completed(course));
    this.#leaving();
    setInterval(() => this.#second(), 1000);
    this.#keys = mediaKeys(this.#lecture, this.#data, (ms) => this.seek(ms), () => void this.play());
  }

  #leaving(): void {
    onLeaving({
      left: () => {
        this.#lecture.cut();
        // The span just closed has reached the report at once; only its copy on disk comes later.
        this.#reporter?.leave();
        this.#settings.leave();
      },
      hidden: () => {
        void this.#reporter?.hide();
        this.#settings.leave();
      },
      online: () => {
        void this.#reporter?.flush().then(() => this.#deliver());
        void this.#settings.flush();
      },
      focused: () => {
        if (this.#reporter?.status.state === 'signed_out') void this.#reporter.flush();
        void this.#settings.flush();
      },
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
    const slept = this.#clock.slept(Date.now());
    if (this.#clock.isEnding && !this.#lecture.video.paused) void this.#renew();
    else if (slept) void this.#reporter.contact(true);
    void this.#reporter.tick();
    this.#offline(this.#reporter.status);
    this.#keys.tell();
  }

  /** Where one gap was played, playing ends with it. */
  #stop(): void {
    if (this.#stopAt === null || this.#lecture.position < this.#stopAt) return;
    this.#stopAt = null;
    this.#lecture.video.pause();
  }

  /** Beside the playing picture: captions and pointer move with it, everything else by the second. */
  #frame(): void {
    const { video } = this.#lecture;
    if (video.paused) return;
    this.#stop();
    this.#screen.draw();
    requestAnimationFrame(() => this.#frame());
  }
}
