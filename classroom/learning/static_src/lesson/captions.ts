// Captions: fetched once a language, shown on the picture and in the transcript from the same cues.
// The tracks are also given to the element, for the full-screen players of phones, which draw their own.

import { parseVtt, textAt, type Cue } from '../../../../media/static_src/player/lecture.ts';
import { part } from './page.ts';
import type { Settings } from './settings.ts';

export interface CaptionSource {
  language: string;
  label: string;
  url: string;
}

export class Captions {
  #overlay = part('captions');
  #video: HTMLVideoElement;
  #settings: Settings;
  #last: string | null = null;
  #sources: CaptionSource[] = [];
  #loaded = new Map<string, Promise<Cue[]>>();
  #cues: Cue[] = [];
  #shown = '';
  /** The language on the picture, or null. */
  language: string | null = null;
  /** Told when another language is read. */
  onCues: (cues: Cue[], language: string) => void = () => undefined;

  constructor(video: HTMLVideoElement, settings: Settings) {
    [this.#video, this.#settings] = [video, settings];
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
    await this.follow();
    if (sources.length === 0) this.onCues([], '');
  }

  /** Show what is wished now; a lecture without that language shows the one spoken, and the wish stays. */
  async follow(): Promise<void> {
    const [first] = this.#sources;
    const { captions } = this.#settings;
    const wished = this.#sources.find((one) => one.language === captions) ?? first;
    await this.show(captions === 'off' ? null : (wished?.language ?? null));
    if (captions !== 'off' || !first) return;
    const cues = await this.#read(first);
    if (this.language === null) this.onCues(cues, first.language);
  }

  /** Put a language on the picture and into the transcript; null takes it off the picture. */
  async show(language: string | null): Promise<void> {
    this.language = language;
    this.#last = language ?? this.#last;
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

  /** Choose by hand: shown, and remembered for every device. */
  async choose(language: string | null): Promise<void> {
    this.#settings.choose('captions', language ?? 'off');
    await this.show(language);
  }

  /** Off, or on in the language last on the picture; a lecture without captions asks for no choice. */
  async toggle(): Promise<void> {
    const again = this.#sources.find((one) => one.language === this.#last) ?? this.#sources[0];
    if (again) await this.choose(this.language === null ? again.language : null);
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
