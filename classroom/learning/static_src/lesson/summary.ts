// The figures over the ruler and the gaps under it, each of them a button.

import type { Interval } from './api.ts';
import { total } from './intervals.ts';
import { copy, part, parts } from './page.ts';
import { clock, fill, seconds, type Words } from './words.ts';

/** More gaps than this are summed up in words: a wall of buttons helps nobody. */
const SHOWN = 6;

export interface Figures {
  verified: Interval[];
  /** All that is still to be watched, and of it what was left out. */
  missing: Interval[];
  gaps: Interval[];
  duration: number;
}

/** Return the sentence beside the verified time. Pure. */
export function sentence({ missing, gaps, duration }: Figures, words: Words): string {
  const ahead = total(missing) - total(gaps);
  const values = {
    total: clock(duration),
    count: gaps.length,
    missing: clock(total(gaps)),
    ahead: clock(ahead),
  };
  if (missing.length === 0) return fill(words.sum_whole!, values);
  if (gaps.length === 0) return fill(words.sum_ahead!, values);
  return fill(ahead > 0 ? words.sum_gaps_ahead! : words.sum_gaps!, values);
}

export class Summary {
  #verified = part('verified');
  #sentence = part('sentence');
  #gaps = part('gaps');
  #more = part('gaps-more');
  #words: Words;
  #drawn = '';

  constructor(words: Words, play: (start: number, end: number) => void) {
    this.#words = words;
    this.#gaps.addEventListener('click', (event) => {
      const button = (event.target as Element).closest<HTMLElement>('[data-start]');
      if (button) play(Number(button.dataset.start), Number(button.dataset.end));
    });
  }

  draw(figures: Figures): void {
    const { verified, gaps } = figures;
    const done = fill(this.#words.sum_verified!, { time: clock(total(verified)) });
    if (this.#verified.textContent !== done) this.#verified.textContent = done;
    const text = sentence(figures, this.#words);
    if (this.#sentence.textContent !== text) this.#sentence.textContent = text;
    const key = JSON.stringify(gaps.map(([start, end]) => [start, seconds(end - start)]));
    if (key !== this.#drawn) this.#list(gaps);
    this.#drawn = key;
  }

  /** Say that the lesson, or with it the whole course, is complete. */
  completed(course: boolean): void {
    for (const panel of parts('completed')) panel.hidden = false;
    part('completed-course').hidden = !course;
    part('completed-lesson').hidden = course;
  }

  #list(gaps: Interval[]): void {
    const focused = this.#gaps.contains(document.activeElement);
    this.#gaps.replaceChildren(
      ...gaps.slice(0, SHOWN).map(([start, end]) => {
        const item = copy('gap-template');
        const button = item.querySelector<HTMLElement>('button') ?? item;
        button.dataset.start = String(start);
        button.dataset.end = String(end);
        const range = { from: clock(start), to: clock(end), seconds: seconds(end - start) };
        part('gap-range', item).textContent = fill(this.#words.gap_range!, range);
        part('gap-length', item).textContent = fill(this.#words.gap_length!, range);
        return item;
      }),
    );
    this.#gaps.hidden = gaps.length === 0;
    const rest = gaps.length - SHOWN;
    this.#more.hidden = rest <= 0;
    this.#more.textContent = rest > 0 ? fill(this.#words.gaps_more!, { count: rest }) : '';
    if (focused) this.#gaps.querySelector<HTMLElement>('button')?.focus();
  }
}
