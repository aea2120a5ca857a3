// Buttons under the picture. What they do on the element goes through media-chrome's store, which knows
// the browsers' differences in full screen, picture in picture and volume; its own elements bring inline
// styles, which the content security policy refuses, so the buttons are ours.

import { createMediaStore } from 'media-chrome/dist/media-store/media-store.js';

import type { Lecture, Quality } from '../../../../media/static_src/player/lecture.ts';
import type { Captions } from './captions.ts';
import { Menu } from './menu.ts';
import { mark, part, remember, remembered } from './page.ts';
import { clock, fill, type Words } from './words.ts';

export interface ControlCalls {
  play: () => void;
  back: () => void;
}

export class Controls {
  #video: HTMLVideoElement;
  #words: Words;
  #rates: number[];
  #store: ReturnType<typeof createMediaStore>;
  #play = part<HTMLButtonElement>('play');
  #mute = part<HTMLButtonElement>('mute');
  #volume = part<HTMLInputElement>('volume');
  #time = part('time');
  #total = part('total');
  #rateLabel = part('rate-label');
  #rateMenu: Menu;
  #captionMenu: Menu;
  #qualityMenu: Menu;
  #captions: Captions;
  #lecture: Lecture;
  /** The height chosen by hand, which a renewed viewing keeps; null lets the network choose. */
  #height: number | null = null;
  #levels: Quality[] = [];
  #chosen = 1;
  #cap: number | null = 1;

  constructor(lecture: Lecture, captions: Captions, rates: number[], words: Words, calls: ControlCalls) {
    [this.#lecture, this.#video, this.#captions] = [lecture, lecture.video, captions];
    [this.#rates, this.#words] = [rates, words];
    this.#store = createMediaStore({
      media: this.#video as never,
      fullscreenElement: part('stage') as never,
      documentElement: document as never,
      options: { noVolumePref: true, noMutedPref: true, noSubtitlesLangPref: true, defaultSubtitles: false },
    });
    this.#store.subscribe((state) => this.#draw(state as Record<string, unknown>));
    this.#play.addEventListener('click', () => calls.play());
    part('back').addEventListener('click', () => calls.back());
    this.#mute.addEventListener('click', () => this.mute());
    this.#volume.addEventListener('input', () => this.#ask('mediavolumerequest', Number(this.#volume.value) / 100));
    part('pip').addEventListener('click', () => this.pip());
    part('fullscreen').addEventListener('click', () => this.fullscreen());
    this.#rateMenu = new Menu(part('rate'), (value) => this.rate(Number(value)));
    this.#captionMenu = new Menu(part('captions-menu'), (value) => {
      void captions.choose(value === 'off' ? null : value);
    });
    this.#qualityMenu = new Menu(part('quality'), (value) => this.#quality(Number(value)));
    this.#video.addEventListener('ratechange', () => this.#showRate());
    this.#video.addEventListener('volumechange', () => this.#rememberVolume());
    this.#video.addEventListener('lecture:qualities', (event) => {
      this.#qualities((event as CustomEvent<Quality[]>).detail);
    });
    this.#start();
  }

  /** Choose a speed and remember it; where it would not count, `limit` holds it down. */
  rate(rate: number): void {
    this.#chosen = this.#rates.includes(rate) ? rate : 1;
    remember('rate', String(this.#chosen));
    this.#hold();
    this.#showRate();
  }

  /** The fastest that counts here; null where everything is verified and any speed will do. */
  limit(cap: number | null): void {
    if (cap === this.#cap) return;
    this.#cap = cap;
    this.#hold();
  }

  /** One step faster (1) or slower (-1). */
  step(direction: 1 | -1): void {
    const next = this.#rates[this.#rates.indexOf(this.#chosen) + direction];
    if (next) this.rate(next);
  }

  volume(change: number): void {
    this.#ask('mediavolumerequest', Math.min(Math.max(this.#video.volume + change, 0), 1));
  }

  mute(): void {
    this.#ask(this.#video.muted || this.#video.volume === 0 ? 'mediaunmuterequest' : 'mediamuterequest');
  }

  pip(): void {
    if (this.#video.disablePictureInPicture) return;
    const inside = document.pictureInPictureElement === this.#video;
    this.#ask(inside ? 'mediaexitpiprequest' : 'mediaenterpiprequest');
  }

  fullscreen(): void {
    this.#ask(document.fullscreenElement ? 'mediaexitfullscreenrequest' : 'mediaenterfullscreenrequest');
  }

  /** Captions off, or on in the language last shown. */
  async captions(): Promise<void> {
    const first = this.#captions.sources[0]?.language ?? null;
    const next = this.#captions.language === null ? first : null;
    await this.#captions.choose(next);
    this.#captionMenu.value = next ?? 'off';
  }

  /** List the caption languages that a grant offers. */
  listCaptions(): void {
    const { sources, language } = this.#captions;
    part('captions-menu').hidden = sources.length === 0;
    const off = { value: 'off', label: this.#words.captions_off! };
    const choices = sources.map((one) => ({ value: one.language, label: one.label }));
    this.#captionMenu.fill([off, ...choices], language ?? 'off');
  }

  time(ms: number, duration: number): void {
    const text = clock(ms);
    if (this.#time.textContent !== text) this.#time.textContent = text;
    const total = clock(duration);
    if (this.#total.textContent !== total) this.#total.textContent = total;
  }

  #start(): void {
    const saved = Number(remembered('rate') ?? 1);
    const volume = Number(remembered('volume') ?? 1);
    this.#video.volume = volume >= 0 && volume <= 1 ? volume : 1;
    this.#video.muted = remembered('muted') === '1';
    this.#rateMenu.fill(
      this.#rates.map((rate) => ({ value: String(rate), label: times(rate) })),
      String(saved),
    );
    this.rate(saved);
    part('quality').hidden = true;
  }

  #qualities(levels: Quality[]): void {
    this.#levels = levels;
    part('quality').hidden = levels.length < 2;
    const high = [...levels].sort((a, b) => b.height - a.height);
    const choices = high.map(({ index, height }) => ({ value: String(index), label: `${height}p` }));
    const kept = levels.find(({ height }) => height === this.#height)?.index ?? -1;
    this.#qualityMenu.fill([{ value: '-1', label: this.#words.quality_auto! }, ...choices], String(kept));
    if (kept >= 0) this.#lecture.choose(kept);
  }

  #quality(index: number): void {
    this.#height = this.#levels.find((level) => level.index === index)?.height ?? null;
    this.#lecture.choose(index);
  }

  #hold(): void {
    const rate = this.#cap === null ? this.#chosen : Math.min(this.#chosen, this.#cap);
    if (this.#video.playbackRate === rate) return;
    this.#video.defaultPlaybackRate = rate;
    this.#video.playbackRate = rate;
  }

  /** The speed in force stands on the button; what was chosen is marked in the menu. */
  #showRate(): void {
    const rate = this.#video.playbackRate;
    this.#rateLabel.textContent = times(rate);
    const held = rate < this.#chosen ? 'rate_held' : 'rate';
    mark(part('rate-button'), 'aria-label', fill(this.#words[held]!, { rate: times(rate), chosen: times(this.#chosen) }));
    this.#rateMenu.value = String(this.#chosen);
  }

  #rememberVolume(): void {
    remember('volume', String(this.#video.volume));
    remember('muted', this.#video.muted ? '1' : null);
  }

  #ask(type: string, detail?: unknown): void {
    this.#store.dispatch({ type, detail } as never);
  }

  #draw(state: Record<string, unknown>): void {
    const paused = state.mediaPaused !== false;
    this.#play.dataset.state = paused ? 'paused' : 'playing';
    mark(this.#play, 'aria-label', this.#words[paused ? 'play' : 'pause']!);
    const silent = state.mediaVolumeLevel === 'off';
    this.#mute.dataset.state = silent ? 'muted' : 'loud';
    mark(this.#mute, 'aria-label', this.#words[silent ? 'unmute' : 'mute']!);
    this.#volume.value = String(silent ? 0 : Math.round(Number(state.mediaVolume ?? 1) * 100));
    this.#volume.hidden = state.mediaVolumeUnavailable === 'unsupported';
    part('pip').hidden = Boolean(state.mediaPipUnavailable);
    part('fullscreen').hidden = state.mediaFullscreenUnavailable === 'unsupported';
    const full = state.mediaIsFullscreen === true;
    part('fullscreen').dataset.state = full ? 'full' : 'windowed';
    mark(part('fullscreen'), 'aria-label', this.#words[full ? 'fullscreen_exit' : 'fullscreen']!);
  }
}

function times(rate: number): string {
  return `${Number.isInteger(rate) ? rate.toFixed(1) : rate}×`;
}
