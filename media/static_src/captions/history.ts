// Going back and forth between states of the list. Pure but for itself.

import type { Edited } from './cues.ts';

/** So many steps can be undone; lists share their cues, so a step costs little. */
const MOST_STEPS = 500;

export class History {
  #past: Edited[] = [];
  #future: Edited[] = [];
  #now: Edited;
  #tag = '';

  constructor(now: Edited) {
    this.#now = now;
  }

  get now(): Edited {
    return this.#now;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Take the next state. Steps with the same `tag` after one another, as of typing, are one step. */
  take(next: Edited, tag = ''): void {
    if (next.cues === this.#now.cues) {
      this.choose(next.at);
      return;
    }
    if (tag === '' || tag !== this.#tag) this.#past.push(this.#now);
    if (this.#past.length > MOST_STEPS) this.#past.shift();
    this.#future = [];
    this.#now = next;
    this.#tag = tag;
  }

  /** Choose another cue; that is no step, and typing there is a new one. */
  choose(at: number): void {
    if (at !== this.#now.at) this.#tag = '';
    this.#now = { ...this.#now, at };
  }

  undo(): boolean {
    return this.#move(this.#past, this.#future);
  }

  redo(): boolean {
    return this.#move(this.#future, this.#past);
  }

  #move(from: Edited[], to: Edited[]): boolean {
    const state = from.pop();
    if (!state) return false;
    to.push(this.#now);
    this.#now = state;
    this.#tag = '';
    return true;
  }
}
