// What the learner has to know now: one note under the ruler, with its reason and its way out.

import { mark, part } from './page.ts';
import type { Words } from './words.ts';

export type Notice = 'offline' | 'busy' | 'allowance' | 'lease' | 'failed' | 'refused' | 'seek' | 'memory' | 'silent';

/** Where several hold, the first of these is told. */
const ORDER: Notice[] = ['lease', 'allowance', 'failed', 'offline', 'busy', 'seek', 'refused', 'memory', 'silent'];

export interface Message {
  title: string;
  text: string;
  /** The button's words; none where waiting is all there is to do. */
  action?: string;
  act?: () => void;
}

export class Notices {
  #root = part('notice');
  #title = part('notice-title');
  #text = part('notice-text');
  #button = part<HTMLButtonElement>('notice-action');
  #live = new Map<Notice, Message>();
  #act: (() => void) | undefined;
  #timers = new Map<Notice, number>();

  constructor() {
    this.#button.addEventListener('click', () => this.#act?.());
  }

  set(kind: Notice, message: Message): void {
    this.#live.set(kind, message);
    this.#draw();
  }

  /** A note that has said what it has to after `ms`. */
  brief(kind: Notice, message: Message, ms: number): void {
    this.set(kind, message);
    window.clearTimeout(this.#timers.get(kind));
    this.#timers.set(kind, window.setTimeout(() => this.clear(kind), ms));
  }

  /** A note that only says something; its words are named after it. */
  note(kind: 'memory' | 'silent' | 'allowance', words: Words): void {
    this.set(kind, { title: words[`${kind}_title`]!, text: words[`${kind}_text`]! });
  }

  clear(...kinds: Notice[]): void {
    const had = kinds.filter((kind) => this.#live.delete(kind));
    if (had.length > 0) this.#draw();
  }

  has(kind: Notice): boolean {
    return this.#live.has(kind);
  }

  #draw(): void {
    const kind = ORDER.find((one) => this.#live.has(one));
    const message = kind && this.#live.get(kind);
    mark(this.#root, 'hidden', !message);
    if (!message || !kind) return;
    this.#root.dataset.kind = kind;
    write(this.#title, message.title);
    write(this.#text, message.text);
    this.#act = message.act;
    this.#button.hidden = !message.action;
    write(this.#button, message.action ?? '');
  }
}

function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
