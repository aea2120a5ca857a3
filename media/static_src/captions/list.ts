// The list of cues on the page: a button each. Only rows whose cue has changed are drawn again.

import type { Cue } from './cues.ts';
import { isError, type Fault } from './rules.ts';
import { writeTime } from './times.ts';

export interface ListWords {
  faultyRow: string;
  doubtfulRow: string;
}

export class List {
  readonly #root: HTMLElement;
  readonly #words: ListWords;
  readonly #language: string;
  #shown: readonly Cue[] = [];
  #marks: string[] = [];
  #chosen = -1;
  #now = -1;

  constructor(root: HTMLElement, language: string, words: ListWords, choose: (at: number) => void) {
    this.#root = root;
    this.#language = language;
    this.#words = words;
    root.addEventListener('click', (event) => {
      const row = (event.target as HTMLElement).closest('li');
      if (row) choose([...root.children].indexOf(row));
    });
  }

  show(cues: readonly Cue[], faults: readonly Fault[], chosen: number): void {
    const before = this.#shown;
    const most = Math.min(before.length, cues.length);
    let head = 0;
    while (head < most && before[head] === cues[head]) head += 1;
    let tail = 0;
    while (tail < most - head && before[before.length - 1 - tail] === cues[cues.length - 1 - tail]) tail += 1;
    const old = [...this.#root.children].slice(head, before.length - tail);
    const place = this.#root.children[before.length - tail] ?? null;
    for (const cue of cues.slice(head, cues.length - tail)) this.#root.insertBefore(this.#row(cue), place);
    for (const row of old) row.remove();
    if (before.length !== cues.length || old.length > 0) this.#marks = [];
    this.#shown = cues;
    this.#mark(faults);
    this.#choose(chosen);
  }

  /** Mark the cue that the video shows; `follow` scrolls the list, never the page. */
  play(at: number, follow: boolean): void {
    if (at !== this.#now) {
      this.#row_(this.#now)?.classList.remove('is-now');
      this.#row_(at)?.classList.add('is-now');
      this.#now = at;
      if (follow) this.reveal(at);
    }
  }

  /** Scroll the list so that a row stands in it. */
  reveal(at: number): void {
    const row = this.#row_(at);
    const list = this.#root;
    if (!row) return;
    const above = row.offsetTop - list.offsetTop;
    if (above < list.scrollTop || above + row.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = above - list.clientHeight / 3;
    }
  }

  #row_(at: number): HTMLElement | null {
    return (this.#root.children[at] as HTMLElement | undefined) ?? null;
  }

  #row(cue: Cue): HTMLElement {
    const row = document.createElement('li');
    row.className = 'cap-row';
    const button = document.createElement('button');
    button.type = 'button';
    const times = document.createElement('span');
    times.className = 'cap-row__time';
    times.textContent = writeTime(cue.start).replace(/^00:/, '');
    const text = document.createElement('span');
    text.className = 'cap-row__text';
    text.lang = this.#language;
    text.textContent = cue.text || '—';
    const mark = document.createElement('span');
    mark.className = 'cap-row__mark';
    button.append(times, text, mark);
    row.append(button);
    return row;
  }

  #mark(faults: readonly Fault[]): void {
    const marks: string[] = [];
    for (const fault of faults) {
      if (marks[fault.index] !== 'bad') marks[fault.index] = isError(fault) ? 'bad' : 'doubt';
    }
    for (let at = 0; at < this.#shown.length; at += 1) {
      const mark = marks[at] ?? '';
      if (this.#marks[at] === mark) continue;
      const row = this.#row_(at)!;
      row.classList.toggle('is-bad', mark === 'bad');
      row.classList.toggle('is-doubtful', mark === 'doubt');
      const said = mark === 'bad' ? this.#words.faultyRow : mark === 'doubt' ? this.#words.doubtfulRow : '';
      row.querySelector('.cap-row__mark')!.textContent = said;
      this.#marks[at] = mark;
    }
  }

  #choose(at: number): void {
    this.#root.querySelector('[aria-current]')?.removeAttribute('aria-current');
    this.#row_(at)?.firstElementChild?.setAttribute('aria-current', 'true');
    if (at !== this.#chosen) this.reveal(at);
    this.#chosen = at;
    for (const row of this.#root.querySelectorAll('.is-now')) row.classList.remove('is-now');
    this.#row_(this.#now)?.classList.add('is-now');
  }
}
