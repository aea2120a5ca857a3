// The player's core: it plays a lecture and tells, as events on the video element, which spans of it
// were really shown. It knows no learner and talks to no server but the one that serves the stream.
//
//   lecture:span      detail Span        a span was closed
//   lecture:qualities detail {levels: Quality[], hasSound}   what can be chosen
//   lecture:quality   detail {index, height}
//   lecture:sounds    detail {tracks: Sound[], playing}
//   lecture:failed    detail Failure     playing cannot go on by itself
//   lecture:stalled   detail boolean     waiting for data, or no longer

import { library, open, type Failure, type Quality, type Sound, type Source } from './source.ts';
import { SpanRecorder, type Reading, type Span } from './spans.ts';

export { joined } from './spans.ts';
export { lineAt, parseVtt, plain, textAt } from './cues.ts';
export type { Cue } from './cues.ts';
export { SOUND_ONLY } from './source.ts';
export type { Failure, Quality, Sound, Span };

export interface LectureOptions {
  /** Probed length in ms. */
  duration: number;
  /** Milliseconds since the session's opening, never going back. */
  clock: () => number;
  /** Whether a hidden page pauses; a picture in picture is not hidden. */
  hiddenPauses: boolean;
}

/** How often a span is closed while playing, so that a crash costs no more than this. */
const ROLL_MS = 5000;

export class Lecture {
  readonly video: HTMLVideoElement;
  readonly recorder: SpanRecorder;
  #options: LectureOptions;
  #source: Source | null = null;
  #stop = new AbortController();

  constructor(video: HTMLVideoElement, options: LectureOptions) {
    this.video = video;
    this.#options = options;
    this.recorder = new SpanRecorder(options.duration, (span) => this.#tell('span', span));
    this.#listen();
    void library();
  }

  /** Load the stream; `start` in ms. Resolves once the source is attached, not when it plays. */
  async load(manifest: string, start: number): Promise<void> {
    this.cut();
    this.#source?.destroy();
    this.recorder.rest(start, this.#options.clock());
    this.#source = await open(this.video, manifest, start / 1000, {
      qualities: (levels, hasSound) => this.#tell('qualities', { levels, hasSound }),
      quality: (index, height) => this.#tell('quality', { index, height }),
      sounds: (tracks, playing) => this.#tell('sounds', { tracks, playing }),
      failed: (failure) => {
        // What is in the buffer plays on without a network, and is shown as well.
        if (this.#runs) this.roll();
        else this.cut();
        this.#tell('failed', failure);
      },
    });
  }

  /** Choose a quality by its index, -1 for automatic, `SOUND_ONLY` for none. */
  choose(index: number): boolean {
    // What was shown until now is kept: another stream may empty the element.
    this.roll();
    return this.#source?.choose(index) ?? false;
  }

  /** Choose a sound by its index. */
  hear(index: number): void {
    this.roll();
    this.#source?.hear(index);
  }

  retry(): void {
    this.#source?.retry();
  }

  /** Whether the position means anything yet. */
  get isLoaded(): boolean {
    return this.video.readyState > HTMLMediaElement.HAVE_NOTHING;
  }

  /** Position in ms. */
  get position(): number {
    return Math.round(this.video.currentTime * 1000);
  }

  /** Jump to `ms`; what was shown up to this moment is closed first, to the frame. */
  seek(ms: number): void {
    this.recorder.stop(this.#read());
    this.video.currentTime = Math.min(Math.max(ms, 0), this.#options.duration) / 1000;
  }

  /** Close the open span now: the page is left, or a report is due. */
  cut(): void {
    this.recorder.stop(this.#read());
  }

  /** Close the open span and go on without a hole. */
  roll(): void {
    if (this.#runs) this.recorder.roll(this.#read());
  }

  /** Milliseconds ahead of the position that are in the buffer. */
  get buffered(): number {
    const { buffered, currentTime } = this.video;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= currentTime + 0.25 && buffered.end(index) > currentTime) {
        return Math.round((buffered.end(index) - currentTime) * 1000);
      }
    }
    return 0;
  }

  destroy(): void {
    this.cut();
    this.#stop.abort();
    this.#source?.destroy();
  }

  get #runs(): boolean {
    const { paused, seeking, ended, readyState } = this.video;
    return !paused && !seeking && !ended && readyState > HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  #read(): Reading {
    const { currentTime, playbackRate } = this.video;
    return { media: currentTime * 1000, clock: this.#options.clock(), rate: playbackRate };
  }

  #tell(name: string, detail: unknown): void {
    this.video.dispatchEvent(new CustomEvent(`lecture:${name}`, { detail }));
  }

  #listen(): void {
    const { video, recorder } = this;
    const { signal } = this.#stop;
    let rate = video.playbackRate;
    const on = (name: string, handler: () => void): void =>
      video.addEventListener(name, handler, { signal });

    on('play', () => recorder.intend(this.#options.clock()));
    on('playing', () => {
      recorder.start(this.#read());
      this.#tell('stalled', false);
    });
    on('timeupdate', () => {
      if (!this.#runs) return;
      // Whatever closed the span (a page that was left and is shown again), what runs is recorded.
      if (recorder.isOpen) recorder.sample(this.#read());
      else recorder.start(this.#read());
    });
    on('pause', () => this.#halt());
    on('waiting', () => {
      this.#halt();
      this.#tell('stalled', true);
    });
    on('seeking', () => recorder.jump());
    on('seeked', () => {
      recorder.rest(video.currentTime * 1000, this.#options.clock());
      if (this.#runs) recorder.start(this.#read());
    });
    on('ratechange', () => {
      recorder.stop({ ...this.#read(), rate });
      rate = video.playbackRate;
      if (this.#runs) {
        recorder.rest(video.currentTime * 1000, this.#options.clock());
        recorder.start(this.#read());
      }
    });
    on('ended', () => recorder.end(this.#read()));
    on('emptied', () => recorder.jump());

    document.addEventListener('visibilitychange', () => this.#visibility(), { signal });
    const timer = setInterval(() => this.roll(), ROLL_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  #halt(): void {
    const reading = this.#read();
    this.recorder.stop(reading);
    this.recorder.rest(reading.media, reading.clock);
  }

  #visibility(): void {
    if (document.visibilityState !== 'hidden' || !this.#options.hiddenPauses) return;
    if (document.pictureInPictureElement === this.video) return;
    this.video.pause();
  }
}
