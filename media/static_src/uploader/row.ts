// One file in the list: its name, a band that grows, words, and what can be done.

import { isRunning, type State } from './queue.ts';
import { fill, left, size } from './rules.ts';
import type { Sending } from './sending.ts';

const SVG = 'http://www.w3.org/2000/svg';

export interface Reactions {
  /** It is done or has failed. */
  ended: () => void;
  /** A person wants it to go on. */
  wanted: () => void;
  /** A person wants it out of the list. */
  gone: () => void;
}

export class Row {
  readonly transfer: Sending;
  readonly element: HTMLLIElement;
  readonly #words: Record<string, string>;
  readonly #reactions: Reactions;
  readonly #said = document.createElement('p');
  readonly #band = document.createElementNS(SVG, 'rect');
  readonly #bar = document.createElementNS(SVG, 'svg');
  readonly #main = button('lec-btn lec-btn--small');
  readonly #quiet = button('lec-btn lec-btn--small lec-btn--quiet');
  #shown: State | '' = '';

  constructor(transfer: Sending, words: Record<string, string>, reactions: Reactions) {
    this.transfer = transfer;
    this.#words = words;
    this.#reactions = reactions;
    this.element = this.#build();
    this.draw();
  }

  /** Show the state of this moment. */
  draw(): void {
    const { seen, file } = this.transfer;
    const percent = file.size ? Math.floor((seen.sent / file.size) * 100) : 0;
    this.#band.setAttribute('width', `${file.size ? (seen.sent / file.size) * 100 : 0}%`);
    this.#bar.setAttribute('aria-valuenow', String(percent));
    this.#said.textContent = this.#sentence(percent);
    if (seen.state === this.#shown) return;
    this.#shown = seen.state;
    this.element.dataset['state'] = seen.state;
    this.#offer(seen.state);
    if (seen.state === 'done' || seen.state === 'failed') this.#reactions.ended();
  }

  #sentence(percent: number): string {
    const { seen, file } = this.transfer;
    const words = this.#words;
    if (seen.state === 'sending') {
      const rate = seen.pace.rate;
      const sending = fill(words['sending'] ?? '', { percent });
      const estimate = left(seen.pace.secondsFor(file.size - seen.sent), words);
      if (rate === null) return `${sending} · ${estimate}`;
      return `${sending} · ${fill(words['rate'] ?? '', { rate: size(rate), left: estimate })}`;
    }
    if (seen.state === 'retrying') return words[navigator.onLine ? 'retrying' : 'offline'] ?? '';
    if (seen.state === 'paused') return fill(words['paused'] ?? '', { percent });
    if (seen.state === 'done') return words[seen.known ? 'known' : 'done'] ?? '';
    if (seen.state === 'failed') return words[seen.detail] ?? (seen.detail || words['failed'] || '');
    return words['waiting'] ?? '';
  }

  #offer(state: State): void {
    const words = this.#words;
    const runs = isRunning(state);
    this.#main.hidden = state === 'done';
    this.#label(this.#main, words[runs ? 'pause' : 'resume'] ?? '');
    this.#label(this.#quiet, words[state === 'done' ? 'remove' : 'cancel'] ?? '');
  }

  /** Buttons of several rows read alike, so each names its file to those who do not see it. */
  #label(target: HTMLButtonElement, words: string): void {
    target.textContent = words;
    target.setAttribute('aria-label', `${words}: ${this.transfer.file.name}`);
  }

  #build(): HTMLLIElement {
    const item = document.createElement('li');
    item.className = 'up__item';
    const what = document.createElement('div');
    const name = document.createElement('p');
    name.className = 'up__name';
    name.textContent = `${this.transfer.file.name} (${size(this.transfer.file.size)})`;
    this.#said.className = 'up__words';
    what.append(name, this.#said);
    const actions = document.createElement('div');
    actions.className = 'up__do';
    actions.append(this.#main, this.#quiet);
    this.#main.addEventListener('click', () => {
      const { state } = this.transfer.seen;
      if (isRunning(state)) void this.transfer.pause();
      else this.#reactions.wanted();
    });
    this.#quiet.addEventListener('click', () => void this.#leave());
    item.append(what, actions, this.#draws());
    return item;
  }

  async #leave(): Promise<void> {
    const { state } = this.transfer.seen;
    if (state !== 'done') {
      if (!window.confirm(this.#words['cancelSure'])) return;
      await this.transfer.cancel();
    }
    this.#reactions.gone();
  }

  #draws(): SVGSVGElement {
    this.#bar.setAttribute('class', 'up__bar');
    this.#bar.setAttribute('height', '12');
    for (const [key, value] of Object.entries({ role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' })) {
      this.#bar.setAttribute(key, value);
    }
    this.#bar.setAttribute('aria-label', this.transfer.file.name);
    const ground = document.createElementNS(SVG, 'rect');
    ground.setAttribute('class', 'up__ground');
    ground.setAttribute('width', '100%');
    this.#band.setAttribute('class', 'up__band');
    for (const part of [ground, this.#band]) {
      part.setAttribute('y', '1');
      part.setAttribute('height', '8');
    }
    const base = document.createElementNS(SVG, 'line');
    for (const [key, value] of Object.entries({ class: 'up__base', x1: '0', x2: '100%', y1: '9.5', y2: '9.5' })) {
      base.setAttribute(key, value);
    }
    this.#bar.append(ground, this.#band, base);
    return this.#bar;
  }
}

function button(css: string): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = css;
  return made;
}
