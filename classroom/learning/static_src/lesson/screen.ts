// Everything on the page that shows where one stands. It is drawn from one state, and what a visitor asks of
// it (a jump, a gap, a key) it passes on.

import type { Lecture } from '../../../../media/static_src/player/lecture.ts';
import { actions, LETTER_MS } from './actions.ts';
import type { Grant } from './api.ts';
import { Captions } from './captions.ts';
import { Chapters, Slides } from './marks.ts';
import { Controls } from './controls.ts';
import { Notes } from './notes.ts';
import { part, type LessonData } from './page.ts';
import { RulerView } from './ruler-view.ts';
import type { Settings } from './settings.ts';
import { shortcuts } from './shortcuts.ts';
import { Speed } from './speed.ts';
import type { Standing } from './standing.ts';
import { Summary } from './summary.ts';
import { Transcript } from './transcript.ts';

/** What a visitor may ask of the lecture. */
export interface Asked {
  toggle: () => void;
  seek: (ms: number) => void;
  playGap: (start: number, end: number) => void;
}

export class Screen {
  #lecture: Lecture;
  #standing: Standing;
  #duration: number;
  #cap = 1;
  #captions: Captions;
  #controls: Controls;
  #speed: Speed;
  #ruler: RulerView;
  #summary: Summary;
  #transcript: Transcript;
  #notes: Notes;
  #chapters: Chapters;
  #slides: Slides;

  constructor(data: LessonData, lecture: Lecture, standing: Standing, settings: Settings, asked: Asked) {
    const { words, duration_ms: duration } = data;
    const seek = (ms: number): void => asked.seek(ms);
    [this.#lecture, this.#standing, this.#duration] = [lecture, standing, duration];
    this.#captions = new Captions(lecture.video, settings);
    this.#speed = new Speed(lecture.video, settings, data.rates, words);
    this.#speed.watch(() => this.#fastest);
    settings.onChange = () => this.#follow();
    this.#controls = new Controls(lecture, this.#captions, words, {
      play: () => asked.toggle(),
      back: () => seek(lecture.position - LETTER_MS),
    });
    this.#chapters = new Chapters(data.chapters, seek);
    this.#slides = new Slides(data.slides, seek);
    this.#ruler = new RulerView(duration, data.chapters, words, seek);
    this.#summary = new Summary(words, (start, end) => asked.playGap(start, end));
    this.#transcript = new Transcript(words, seek, data.slides);
    this.#notes = new Notes(data.addresses.notes, `${data.person}:${data.lesson}`, words, () => lecture.position, seek);
    this.#captions.onCues = (cues, language) => {
      this.#transcript.fill(cues, language);
      this.draw(true);
    };
    const keys = this.#actions(asked);
    shortcuts(part('player'), (action) => keys[action]?.());
  }

  /** Take what a viewing brings: pictures, captions, and how fast a first view may go. */
  offer(grant: Grant): void {
    this.#cap = grant.policy.rate_cap;
    this.#slides.pictures(grant.manifest_url);
    if (grant.storyboard_url) void this.#ruler.thumbnails(grant.storyboard_url);
    void this.#captions.offer(grant.captions).then(() => this.#controls.listCaptions());
  }

  /** Draw what moves with the picture; with `all` also what only changes as seconds are verified. */
  draw(all = false): void {
    const { position } = this.#lecture;
    const { verified, pending, gaps } = this.#standing;
    this.#speed.limit(this.#fastest);
    this.#ruler.draw({ verified, pending, gaps, position });
    this.#captions.draw(position);
    this.#controls.time(position, this.#duration);
    this.#notes.follow(position);
    this.#transcript.follow(position);
    this.#chapters.follow(position);
    this.#slides.follow(position);
    if (!all) return;
    const { missing, limit } = this.#standing;
    this.#summary.draw({ verified, missing, gaps, duration: this.#duration });
    this.#transcript.mark(gaps);
    this.#chapters.reach(limit);
    this.#slides.reach(limit);
  }

  completed(course: boolean): void {
    this.#summary.completed(course);
  }

  /** What counts where the picture is; null where any speed will do. */
  get #fastest(): number | null {
    return this.#standing.isVerified(this.#lecture.position) ? null : this.#cap;
  }

  /** Another device chose: the same here. */
  #follow(): void {
    this.#speed.follow();
    void this.#captions.follow().then(() => this.#controls.listCaptions());
  }

  #actions(asked: Asked): Record<string, () => void> {
    const controls = this.#controls;
    return actions({
      position: () => this.#lecture.position,
      gaps: () => this.#standing.gaps,
      chapters: this.#chapters.starts,
      toggle: () => asked.toggle(),
      seek: (ms) => asked.seek(ms),
      playGap: (start, end) => asked.playGap(start, end),
      volume: (step) => controls.volume(step),
      mute: () => controls.mute(),
      captions: () => controls.captions(),
      fullscreen: () => controls.fullscreen(),
      pip: () => controls.pip(),
      rate: (step) => this.#speed.step(step),
      search: () => this.#transcript.focusSearch(),
      help: () => part<HTMLDialogElement>('help').showModal(),
    });
  }
}
