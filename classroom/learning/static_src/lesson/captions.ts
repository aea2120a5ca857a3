// Captions: fetched once a language, shown on the picture and in the transcript from the same cues.
// The tracks are also given to the element, for the full-screen players of phones, which draw their own.

import { parseVtt, textAt, type Cue } from '../../../../media/static_src/player/lecture.ts';
import { part, remember, remembered } from './page.ts';

export interface CaptionSource {
  language: string;
  label: string;
  url: string;
}

export class Captions {
  #overlay = part('captions');
  #video: HTMLVideoElement;
  #sources: CaptionSource[] = [];
  #loaded = new Map<string, Promise<Cue[]>>();
  #cues: Cue[] = [];
  #shown = '';
  /** The language on the picture, or null. */
  language: string | null = null;
  /** Told when another language is read. */
  onCues: (cues: Cue[], language: string) => void = () => undefined;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    video.addEventListener('webkitbeginfullscreen', () => this.#native('showing'));
    video.addEventListener('webkitendfullscreen', () => this.#native('disabled'));
  }

  get sources(): readonly CaptionSource[] {
    return this.#sources;
  }

  /** Take what a grant offers; a language already read is not fetched again. */
  async offer(sources: CaptionSource[]): Promise<void> {
    this.#sources = sources;
    this.#video.querySelectorAll('track').forEach((track) => track.remove());
    for (const { language, label, url } of sources) {
      const track = document.createElement('track');
      Object.assign(track, { kind: 'subtitles', srclang: language, label, src: url });
      this.#video.append(track);
    }
    const wanted = remembered('captions') ?? sources[0]?.language ?? 'off';
    const chosen = wanted === 'off' ? null : (sources.find((one) => one.language === wanted) ?? sources[0]);
    await this.show(chosen?.language ?? null);
    if (!chosen && sources[0]) this.onCues(await this.#read(sources[0]), sources[0].language);
    if (sources.length === 0) this.onCues([], '');
  }

  /** Put a language on the picture and into the transcript; null takes it off the picture. */
  async show(language: string | null): Promise<void> {
    this.language = language;
    const source = this.#sources.find((one) => one.language === language);
    if (!source) {
      this.#cues = [];
      this.draw(0);
      return;
    }
    const cues = await this.#read(source);
    if (this.language !== language) return;
    this.#cues = cues;
    this.onCues(cues, source.language);
  }

  /** Choose by hand: shown, and remembered on this device. */
  async choose(language: string | null): Promise<void> {
    remember('captions', language ?? 'off');
    await this.show(language);
  }

  draw(ms: number): void {
    const text = this.#cues.length > 0 ? textAt(this.#cues, ms) : '';
    if (text === this.#shown) return;
    this.#shown = text;
    this.#overlay.textContent = text;
    this.#overlay.hidden = text === '';
    if (this.language) this.#overlay.lang = this.language;
  }

  #read(source: CaptionSource): Promise<Cue[]> {
    const known = this.#loaded.get(source.language);
    if (known) return known;
    const reading = fetch(source.url, { credentials: 'same-origin' })
      .then((response) => (response.ok ? response.text() : Promise.reject(new Error(String(response.status)))))
      .then((vtt) => parseVtt(vtt))
      .catch(() => {
        // Captions never stand in the way of the lecture; the next choice tries again.
        this.#loaded.delete(source.language);
        return [];
      });
    this.#loaded.set(source.language, reading);
    return reading;
  }

  #native(mode: TextTrackMode): void {
    for (const track of this.#video.textTracks) {
      track.mode = mode === 'showing' && track.language === this.language ? 'showing' : 'disabled';
    }
  }
}
