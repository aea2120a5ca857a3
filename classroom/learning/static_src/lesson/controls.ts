// Buttons under the picture. What they do on the element goes through media-chrome's store, which knows
// the browsers' differences in full screen, picture in picture and volume; its own elements bring inline
// styles, which the content security policy refuses, so the buttons are ours.

import { createMediaStore } from 'media-chrome/dist/media-store/media-store.js';

import { SOUND_ONLY, type Lecture, type Quality, type Sound } from '../../../../media/static_src/player/lecture.ts';
import type { Captions } from './captions.ts';
import { Menu } from './menu.ts';
import { mark, part, remember, remembered } from './page.ts';
import { clock, type Words } from './words.ts';

export interface ControlCalls {
  play: () => void;
  back: () => void;
}

export class Controls {
  #video: HTMLVideoElement;
  #words: Words;
  #store: ReturnType<typeof createMediaStore>;
  #play = part<HTMLButtonElement>('play');
  #mute = part<HTMLButtonElement>('mute');
  #volume = part<HTMLInputElement>('volume');
  #time = part('time');
  #total = part('total');
  #captionMenu: Menu;
  #qualityMenu: Menu;
  #soundMenu: Menu;
  #captions: Captions;
  #lecture: Lecture;
  /** The height chosen by hand, 0 for sound alone, which a renewed viewing keeps; null lets the network choose. */
  #height: number | null = null;
  #levels: Quality[] = [];
  /** The sound chosen by hand, by its name in the menu; null leaves it to the lecture. */
  #sound: string | null = null;
  #tracks: Sound[] = [];

  constructor(lecture: Lecture, captions: Captions, words: Words, calls: ControlCalls) {
    [this.#lecture, this.#video, this.#captions, this.#words] = [lecture, lecture.video, captions, words];
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
    this.#captionMenu = new Menu(part('captions-menu'), (value) => {
      void captions.choose(value === 'off' ? null : value);
    });
    this.#qualityMenu = new Menu(part('quality'), (value) => this.#quality(Number(value)));
    this.#soundMenu = new Menu(part('sound'), (value) => this.#hear(Number(value)));
    this.#video.addEventListener('volumechange', () => this.#rememberVolume());
    this.#video.addEventListener('lecture:qualities', (event) => {
      const { levels, hasSound } = (event as CustomEvent<{ levels: Quality[]; hasSound: boolean }>).detail;
      this.#qualities(levels, hasSound);
    });
    this.#video.addEventListener('lecture:sounds', (event) => {
      const { tracks, playing } = (event as CustomEvent<{ tracks: Sound[]; playing: number }>).detail;
      this.#sounds(tracks, playing);
    });
    this.#start();
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
  captions(): void {
    void this.#captions.toggle();
    this.#captionMenu.value = this.#captions.language ?? 'off';
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
    const volume = Number(remembered('volume') ?? 1);
    this.#video.volume = volume >= 0 && volume <= 1 ? volume : 1;
    this.#video.muted = remembered('muted') === '1';
    part('quality').hidden = true;
  }

  #qualities(levels: Quality[], hasSound: boolean): void {
    this.#levels = hasSound ? [...levels, { index: SOUND_ONLY, height: 0 }] : levels;
    part('quality').hidden = this.#levels.length < 2;
    const high = [...this.#levels].sort((a, b) => b.height - a.height);
    const choices = high.map(({ index, height }) => ({
      value: String(index),
      label: height ? `${height}p` : this.#words.quality_sound!,
    }));
    const kept = this.#levels.find(({ height }) => height === this.#height)?.index ?? -1;
    this.#qualityMenu.fill([{ value: '-1', label: this.#words.quality_auto! }, ...choices], String(kept));
    if (kept !== -1) this.#lecture.choose(kept);
  }

  #quality(index: number): void {
    this.#height = this.#levels.find((level) => level.index === index)?.height ?? null;
    this.#lecture.choose(index);
  }

  #sounds(tracks: Sound[], playing: number): void {
    this.#tracks = tracks;
    part('sound').hidden = tracks.length < 2;
    const kept = tracks.find(({ label }) => label === this.#sound)?.index ?? playing;
    this.#soundMenu.fill(tracks.map(({ index, label }) => ({ value: String(index), label })), String(kept));
    if (kept !== playing) this.#lecture.hear(kept);
  }

  #hear(index: number): void {
    this.#sound = this.#tracks.find((track) => track.index === index)?.label ?? null;
    this.#lecture.hear(index);
  }

  /** On this device only: how loud it should be is a matter of the room. */
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
