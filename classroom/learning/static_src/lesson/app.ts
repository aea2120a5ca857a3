// The lesson page: one lecture, one session at a time, and what the page says about both.

import { Lecture, type Failure, type Span } from '../../../../media/static_src/player/lecture.ts';
import { has, send, type Acknowledgement, type Answered, type Grant, type Outcome, type Presence, type Report } from './api.ts';
import { Breaks } from './breaks.ts';
import { held, taken, uncounted, unopened } from './messages.ts';
import { Notices } from './notices.ts';
import { Delivery } from './delivery.ts';
import { device, mediaKeys } from './device.ts';
import { Keeping } from './keeping.ts';
import { onLeaving } from './leaving.ts';
import { part, type LessonData } from './page.ts';
import { PresenceCheck } from './presence.ts';
import { Reporter } from './reporter.ts';
import { Screen } from './screen.ts';
import { SessionClock } from './session-clock.ts';
import { Settings } from './settings.ts';
import { Standing } from './standing.ts';
import { DeviceStore } from './store.ts';
import { ViewingLock } from './viewing-lock.ts';

/** How long a kind refusal to jump ahead stays on the page. */
const SEEK_NOTE_MS = 8_000;
const GRANTED = { fits: has('session', 'manifest_url') };
const EXTENDED = { fits: has('id', 'seconds_left') };

export class LessonPage {
  #data: LessonData;
  #store = new DeviceStore(() => this.#kept());
  /** The device's store opens while the server is asked for the viewing. */
  #ready: Promise<void> = Promise.resolve();
  #lecture!: Lecture;
  #reporter: Reporter | null = null;
  #lock: ViewingLock | null = null;
  #grant: Grant | null = null;
  #clock = new SessionClock(() => performance.now());
  #standing: Standing;
  #stopAt: number | null = null;
  #isOpening = false;
  #hasLease = true;
  /** Where the part begins that was last told not to count. */
  #uncountedAt = 0;
  #keys: { tell: () => void } = { tell: () => undefined };

  #settings: Settings;
  #screen: Screen;
  #notices = new Notices();
  #keeping: Keeping;
  #presence: PresenceCheck;
  #breaks: Breaks;
  #delivery: Delivery;

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
    this.#keeping = new Keeping({
      words,
      notices: this.#notices,
      store: this.#store,
      signIn: data.addresses.sign_in,
      allowance: () => this.#reporter?.allowanceLeft ?? 0,
      buffered: () => this.#lecture.buffered,
      stop: () => this.#lecture.video.pause(),
    });
    this.#presence = new PresenceCheck(words, {
      answer: (id) => send<Answered>(`${this.#session}presence/${id}/`, { action: 'answer' }, { fits: has('id') }),
      extend: (id) => send<Presence>(`${this.#session}presence/${id}/`, { action: 'extend' }, EXTENDED),
      missed: () => this.#lecture.video.pause(),
      answered: (missed) => void this.#answered(missed),
    });
    this.#breaks = new Breaks({
      words,
      notices: this.#notices,
      stage: (state) => this.#stage(state),
      isShowing: () => this.#lecture.recorder.isOpen,
      retry: () => this.#lecture.retry(),
      reopen: () => void this.#reopen(),
    });
    this.#delivery = new Delivery({
      store: this.#store,
      person: data.person,
      current: () => this.#grant?.session ?? '',
      post: (report) => this.#post(report),
      // It may be of this lesson: ask how that stands now.
      delivered: () => void this.#reporter?.contact(true),
    });
    this.#listen();
    this.#screen.draw(true);
  }

  /** Open the session and bring in the stream; what earlier pages left is delivered beside it. */
  async start(): Promise<void> {
    this.#ready = this.#store.open().then(() => this.#keeping.outlives(this.#store.lasts));
    await this.sit(this.#data.start_ms);
    await this.#ready;
    await this.#delivery.run();
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
    this.#notices.clear('lease', 'allowance');
    this.#breaks.over();
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
    await this.#delivery.run();
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
      changed: (status) => this.#grant === grant && this.#keeping.show(status),
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

  /** The device began or ceased to keep reports beyond this page. */
  #kept(): void {
    this.#reporter?.kept();
    this.#keeping.outlives(this.#reporter?.status.lasts ?? this.#store.lasts);
    // A database that answers at last may hold what earlier pages left.
    if (this.#store.lasts && this.#reporter) void this.#delivery.run();
  }

  #lost(): void {
    this.#hasLease = false;
    this.#lecture.video.pause();
    const act = (): void => void this.sit(this.#lecture.position).then(() => this.play());
    this.#notices.set('lease', { ...taken(this.#data.words), act });
  }

  #unopened(outcome: Exclude<Outcome<unknown>, { kind: 'ok' }>, start: number | null): void {
    const { words, addresses } = this.#data;
    const again = (): void => void this.sit(start).then(() => this.#delivery.run());
    const signIn = (): void => void window.open(addresses.sign_in, '_blank', 'noopener');
    this.#notices.set('failed', { ...unopened(outcome, words), act: outcome.kind === 'signed_out' ? signIn : again });
  }

  /** Open the next viewing where this one stands, and go on if it was going. */
  async #reopen(): Promise<void> {
    const playing = !this.#lecture.video.paused;
    await this.sit(this.#lecture.position);
    if (playing) await this.play();
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
    on<Failure>('lecture:failed', (failure) => this.#breaks.failed(failure));
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
        void this.#reporter?.flush().then(() => this.#delivery.run());
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
    this.#keeping.cutOff(this.#reporter.status);
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
