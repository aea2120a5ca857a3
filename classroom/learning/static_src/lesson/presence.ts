// "Still watching?": asked by the server, answered by one press, never in a hurry.

import type { Outcome, Presence } from './api.ts';
import { part } from './page.ts';
import { clock, fill, type Words } from './words.ts';

export interface PresenceCalls {
  answer: (id: string) => Promise<Outcome<unknown>>;
  extend: (id: string) => Promise<Outcome<Presence>>;
  missed: () => void;
}

export class PresenceCheck {
  #dialog = part<HTMLDialogElement>('presence');
  #left = part('presence-left');
  #words: Words;
  #calls: PresenceCalls;
  #id: string | null = null;
  #until = 0;
  #timer = 0;

  constructor(words: Words, calls: PresenceCalls) {
    [this.#words, this.#calls] = [words, calls];
    part('presence-answer').addEventListener('click', () => void this.#answer());
    part('presence-extend').addEventListener('click', () => void this.#extend());
    // Escape is not an answer, and closing by accident must not cost anyone their minutes.
    this.#dialog.addEventListener('cancel', (event) => event.preventDefault());
  }

  get isOpen(): boolean {
    return this.#id !== null;
  }

  /** Ask; the same check again only corrects the time left. True where it is a new one. */
  ask({ id, seconds_left }: Presence): boolean {
    this.#until = performance.now() + seconds_left * 1000;
    if (this.#id === id) return false;
    this.#id = id;
    this.#tick();
    this.#timer = window.setInterval(() => this.#tick(), 1000);
    if (!this.#dialog.open) this.#dialog.showModal();
    return true;
  }

  #tick(): void {
    const left = this.#until - performance.now();
    this.#left.textContent = fill(this.#words.presence_left!, { time: clock(Math.max(0, left + 999)) });
    if (left > 0) return;
    this.#close();
    this.#calls.missed();
  }

  async #answer(): Promise<void> {
    const id = this.#id;
    if (!id) return;
    const outcome = await this.#calls.answer(id);
    if (outcome.kind === 'ok') this.#close();
    else if (outcome.kind === 'refused') {
      this.#close();
      this.#calls.missed();
    } else {
      this.#left.textContent = this.#words.presence_failed!;
    }
  }

  async #extend(): Promise<void> {
    const id = this.#id;
    if (!id) return;
    const outcome = await this.#calls.extend(id);
    if (outcome.kind === 'ok') this.#until = performance.now() + outcome.value.seconds_left * 1000;
    this.#tick();
  }

  #close(): void {
    window.clearInterval(this.#timer);
    this.#id = null;
    this.#dialog.close();
  }
}
