// The chosen cue on the page: its two times, its words, and what is wrong with it.

import type { Cue } from './cues.ts';
import { isError, type Fault } from './rules.ts';
import { parseTime, writeTime } from './times.ts';

export type Words = Record<string, string>;

/** Put values into the places of a sentence: `{count} captions`. */
export function fill(words: string, values: Record<string, string | number>): string {
  return words.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

export class Form {
  readonly start: HTMLInputElement;
  readonly end: HTMLInputElement;
  readonly text: HTMLTextAreaElement;
  readonly #title: HTMLElement;
  readonly #said: HTMLElement;
  readonly #words: Words;
  #cue: Cue | null = null;

  constructor(root: HTMLElement, words: Words, change: (part: Partial<Cue>, tag: string) => void) {
    this.start = root.querySelector<HTMLInputElement>('[name=start]')!;
    this.end = root.querySelector<HTMLInputElement>('[name=end]')!;
    this.text = root.querySelector<HTMLTextAreaElement>('[name=text]')!;
    this.#title = root.querySelector<HTMLElement>('[data-cap-title]')!;
    this.#said = root.querySelector<HTMLElement>('[data-cap-faults]')!;
    this.#words = words;
    this.text.addEventListener('input', () => change({ text: this.text.value }, 'text'));
    for (const side of ['start', 'end'] as const) {
      this[side].addEventListener('change', () => {
        const ms = parseTime(this[side].value);
        this[side].setAttribute('aria-invalid', String(ms === null));
        if (ms === null) this.#say([words['rule.time'] ?? '']);
        else change({ [side]: ms }, '');
      });
    }
  }

  /** Whether somebody is writing here: then nothing else may take its place. */
  get isBusy(): boolean {
    return [this.start, this.end, this.text].includes(document.activeElement as HTMLInputElement);
  }

  /** Take a time that is still being written, as leaving its field would. */
  settle(): void {
    const field = document.activeElement;
    if (field === this.start || field === this.end) field.dispatchEvent(new Event('change'));
  }

  show(cue: Cue | null, at: number, count: number, faults: readonly Fault[]): void {
    for (const field of [this.start, this.end, this.text]) field.disabled = cue === null;
    this.#title.textContent = cue
      ? fill(this.#words['of'] ?? '', { number: at + 1, count })
      : (this.#words['none'] ?? '');
    if (cue !== this.#cue) {
      this.#cue = cue;
      this.start.value = cue ? writeTime(cue.start) : '';
      this.end.value = cue ? writeTime(cue.end) : '';
      if (this.text.value !== (cue?.text ?? '')) this.text.value = cue?.text ?? '';
    }
    const own = faults.filter((fault) => fault.index === at);
    const timed = own.some((fault) => ['backwards', 'negative', 'too_late'].includes(fault.code));
    this.start.setAttribute('aria-invalid', String(timed));
    this.end.setAttribute('aria-invalid', String(timed));
    this.text.setAttribute('aria-invalid', String(own.some((fault) => isError(fault)) && !timed));
    this.#say(own.map((fault) => this.#words[`rule.${fault.code}`] ?? fault.code));
  }

  #say(sentences: string[]): void {
    const made = sentences.map((sentence) => {
      const item = document.createElement('li');
      item.textContent = sentence;
      return item;
    });
    this.#said.replaceChildren(...made);
  }
}
