// "Still watching?": asked by the server, answered by one press, never in a hurry.

import type { Answered, Outcome, Presence } from './api.ts';
import { part } from './page.ts';
import { clock, fill, type Words } from './words.ts';

export interface PresenceCalls {
  answer: (id: string) => Promise<Outcome<Answered>>;
  extend: (id: string) => Promise<Outcome<Presence>>;
  /** The time is over: what is played now cannot count until the answer. */
  missed: () => void;
  /** `missed`: not in time, so that what was shown since the question did not count. */
  answered: (missed: boolean) => void;
}

export class PresenceCheck {
  #dialog = part<HTMLDialogElement>('presence');
  #left = part('presence-left');
  /** A live region: what changed is spoken once, the seconds are not. */
  #said = part('presence-said');
  #words: Words;
  #calls: PresenceCalls;
  #id: string | null = null;
  #until = 0;
  #timer = 0;
  #missed = false;
  /** Whether the server asks anew in the place of one that was missed by its own clock. */
  #replaced = false;

  constructor(words: Words, calls: PresenceCalls) {
    [this.#words, this.#calls] = [words, calls];
    part('presence-answer').addEventListener('click', () => void this.#answer());
    part('presence-extend').addEventListener('click', () => void this.#extend());
    // Escape is not an answer, and closing by accident must not cost anyone their minutes.
    this.#dialog.addEventListener('cancel', (event) => event.preventDefault());
    // A browser closes it all the same at a second Escape: nobody can answer what is not on the screen.
    this.#dialog.addEventListener('close', () => this.#open());
  }

  get isOpen(): boolean {
    return this.#id !== null;
  }

  /** Ask; the same check again only corrects the time left. True where it is a new one. */
  ask({ id, seconds_left }: Presence): boolean {
    this.#until = performance.now() + seconds_left * 1000;
    if (this.#id === id) {
      this.#tick();
      this.#open();
      return false;
    }
    // The server puts a question anew once the time of the one before is over, by its own clock.
    if (this.#id !== null) this.#replaced = true;
    this.#id = id;
    this.#missed = false;
    // What was missed still has to be played again, however long the new question waits.
    this.#say(this.#replaced ? this.#words.presence_missed! : '');
    this.#tick();
    this.#open();
    return true;
  }

  /** Show what is left, and again when the second changes or the time is over. Then the question stays: from the
   *  answer on, time counts again. */
  #tick(): void {
    // The clock of a question that this one stands for would go on, and stop playing when it ran out.
    window.clearTimeout(this.#timer);
    const left = this.#until - performance.now();
    const missed = left <= 0;
    const text = missed ? '' : fill(this.#words.presence_left!, { time: clock(left + 999) });
    if (this.#left.textContent !== text) this.#left.textContent = text;
    part('presence-extend').hidden = missed;
    if (missed && !this.#missed) {
      this.#say(this.#words.presence_missed!);
      this.#calls.missed();
    }
    this.#missed = missed;
    if (!missed) this.#timer = window.setTimeout(() => this.#tick(), Math.ceil(left % 1000) || 1000);
  }

  async #answer(): Promise<void> {
    const id = this.#id;
    if (!id) return;
    const outcome = await this.#calls.answer(id);
    if (outcome.kind === 'ok' || outcome.kind === 'refused') {
      // Whether it was in time is the server's to say.
      const late = this.#replaced || (outcome.kind === 'ok' ? !outcome.value.is_passed : this.#missed);
      this.#close();
      this.#calls.answered(late);
    } else {
      this.#say(this.#words.presence_failed!);
    }
  }

  async #extend(): Promise<void> {
    const id = this.#id;
    if (!id) return;
    const outcome = await this.#calls.extend(id);
    if (outcome.kind === 'ok') {
      this.#until = performance.now() + outcome.value.seconds_left * 1000;
      this.#say('');
    }
    this.#tick();
  }

  #say(text: string): void {
    this.#said.textContent = text;
  }

  /** Show the question for as long as it waits. */
  #open(): void {
    if (this.#id !== null && !this.#dialog.open) this.#dialog.showModal();
  }

  #close(): void {
    window.clearTimeout(this.#timer);
    this.#id = null;
    this.#replaced = false;
    this.#dialog.close();
  }
}
