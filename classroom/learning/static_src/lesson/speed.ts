// The speed: what was wished, and how much of it counts where one is.

import { Menu } from './menu.ts';
import { mark, part } from './page.ts';
import type { Settings } from './settings.ts';
import { fill, type Words } from './words.ts';

export class Speed {
  #video: HTMLVideoElement;
  #settings: Settings;
  #rates: number[];
  #words: Words;
  #button = part('rate-button');
  #label = part('rate-label');
  #menu: Menu;
  #wished = 1;
  #cap: number | null = 1;

  constructor(video: HTMLVideoElement, settings: Settings, rates: number[], words: Words) {
    [this.#video, this.#settings, this.#rates, this.#words] = [video, settings, rates, words];
    this.#menu = new Menu(part('rate'), (value) => this.choose(Number(value)));
    this.#menu.fill(
      rates.map((rate) => ({ value: String(rate), label: times(rate) })),
      '1',
    );
    video.addEventListener('ratechange', () => this.#show());
    this.follow();
  }

  /** Choose a speed for every device; where it would not count, `limit` holds it down. */
  choose(rate: number): void {
    this.#settings.choose('rate', rate);
    this.follow();
  }

  /** One step faster (1) or slower (-1). */
  step(direction: 1 | -1): void {
    const next = this.#rates[this.#rates.indexOf(this.#wished) + direction];
    if (next) this.choose(next);
  }

  /** Take the speed that is wished now, here or on another device. */
  follow(): void {
    const { rate } = this.#settings;
    this.#wished = rate !== null && this.#rates.includes(rate) ? rate : 1;
    this.#hold();
    this.#show();
  }

  /** The fastest that counts here; null where everything is verified and any speed will do. */
  limit(cap: number | null): void {
    if (cap === this.#cap) return;
    this.#cap = cap;
    this.#hold();
  }

  /** Hold to the fastest that `cap` allows wherever the picture is, seen or not: a hidden page draws nothing. */
  watch(cap: () => number | null): void {
    this.#video.addEventListener('timeupdate', () => this.limit(cap()));
  }

  #hold(): void {
    const rate = this.#cap === null ? this.#wished : Math.min(this.#wished, this.#cap);
    if (this.#video.playbackRate === rate) return;
    this.#video.defaultPlaybackRate = rate;
    this.#video.playbackRate = rate;
  }

  /** The speed in force stands on the button; what was wished is marked in the menu. */
  #show(): void {
    const rate = this.#video.playbackRate;
    this.#label.textContent = times(rate);
    const held = rate < this.#wished ? 'rate_held' : 'rate';
    mark(this.#button, 'aria-label', fill(this.#words[held]!, { rate: times(rate), chosen: times(this.#wished) }));
    this.#menu.value = String(this.#wished);
  }
}

function times(rate: number): string {
  return `${Number.isInteger(rate) ? rate.toFixed(1) : rate}×`;
}
