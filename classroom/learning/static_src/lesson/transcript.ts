// The transcript: follows what is spoken, can be searched (and the slides with it) and clicked, marks what is
// not verified.

import { lineAt, type Cue } from '../../../../media/static_src/player/cues.ts';
import type { Interval } from './api.ts';
import type { Slide } from './marks.ts';
import { mark, part } from './page.ts';
import { reveal } from './scroll.ts';
import { matches, marked, terms } from './search.ts';
import { SlideHits } from './slide-hits.ts';
import { clock, fill, type Words } from './words.ts';

/** After a reader has scrolled by hand, the panel leaves them alone for this long. */
const PATIENCE_MS = 6000;

export class Transcript {
  #list = part<HTMLOListElement>('transcript');
  #empty = part('transcript-empty');
  #search = part<HTMLInputElement>('transcript-search');
  #found = part('transcript-found');
  #words: Words;
  #slides: SlideHits | null;
  #cues: Cue[] = [];
  #lines: HTMLElement[] = [];
  #current = -1;
  #wanted: string[] = [];
  #quietUntil = 0;
  #marked = '';

  constructor(words: Words, seek: (ms: number) => void, slides: readonly Slide[] = []) {
    this.#words = words;
    this.#slides = slides.length > 0 ? new SlideHits(slides, seek) : null;
    this.#list.addEventListener('click', (event) => {
      const line = (event.target as Element).closest<HTMLElement>('[data-index]');
      if (line) seek(this.#cues[Number(line.dataset.index)]!.start);
    });
    this.#list.addEventListener('keydown', (event) => this.#key(event));
    for (const name of ['wheel', 'touchmove']) {
      this.#list.addEventListener(name, () => (this.#quietUntil = Date.now() + PATIENCE_MS), { passive: true });
    }
    this.#search.addEventListener('input', () => this.#find(this.#search.value));
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#find((this.#search.value = ''));
    });
  }

  /** Show these lines; an empty list says so. */
  fill(cues: Cue[], language: string): void {
    this.#cues = cues;
    this.#current = -1;
    this.#marked = '';
    this.#list.lang = language;
    this.#lines = cues.map((cue, index) => this.#line(cue, index));
    this.#list.replaceChildren(...this.#lines);
    this.#empty.hidden = cues.length > 0;
    this.#search.disabled = cues.length === 0 && !this.#slides;
    this.#find(this.#search.value);
  }

  /** Mark the line that is spoken at `ms` and bring it into view within the panel. */
  follow(ms: number): void {
    const index = lineAt(this.#cues, ms);
    if (index === this.#current) return;
    const before = this.#lines[this.#current];
    if (before) {
      mark(before, 'data-current', false);
      mark(before.querySelector('button')!, 'aria-current', null);
    }
    this.#current = index;
    const line = this.#lines[index];
    if (!line) return;
    mark(line, 'data-current', true);
    mark(line.querySelector('button')!, 'aria-current', 'true');
    this.#rove(index);
    const busy = Date.now() < this.#quietUntil || this.#list.contains(document.activeElement);
    if (!busy && this.#wanted.length === 0) reveal(this.#list, line);
  }

  /** Mark the lines of these gaps; the first of each says which seconds are missing. */
  mark(gaps: Interval[]): void {
    const key = JSON.stringify(gaps);
    if (key === this.#marked) return;
    this.#marked = key;
    let told: Interval | undefined;
    this.#lines.forEach((line, index) => {
      const cue = this.#cues[index]!;
      const gap = gaps.find(([s, e]) => s < cue.end && e > cue.start);
      mark(line, 'data-missing', gap !== undefined);
      const note = line.querySelector<HTMLElement>('[data-note]')!;
      note.hidden = gap === undefined || gap === told;
      if (gap) note.textContent = fill(this.#words.gap_line!, { from: clock(gap[0]), to: clock(gap[1]) });
      told = gap ?? told;
    });
  }

  /** Go to the search field, from whichever panel is open. */
  focusSearch(): void {
    part('transcript-tab').click();
    this.#search.focus();
  }

  #line(cue: Cue, index: number): HTMLElement {
    const line = document.createElement('li');
    line.className = 'transcript__line';
    line.dataset.index = String(index);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'transcript__button';
    button.tabIndex = index === 0 ? 0 : -1;
    const time = document.createElement('span');
    time.className = 'transcript__time';
    time.textContent = clock(cue.start);
    const body = document.createElement('span');
    body.className = 'transcript__body';
    const note = document.createElement('span');
    note.className = 'transcript__note';
    note.dataset.note = '';
    note.hidden = true;
    const text = document.createElement('span');
    text.dataset.text = '';
    text.textContent = cue.text.replace(/\n/g, ' ');
    body.append(note, text);
    button.append(time, body);
    line.append(button);
    return line;
  }

  #find(query: string): void {
    this.#wanted = terms(query);
    let count = 0;
    this.#lines.forEach((line, index) => {
      const text = this.#cues[index]!.text.replace(/\n/g, ' ');
      const hit = matches(text, this.#wanted);
      line.hidden = !hit;
      count += hit ? 1 : 0;
      line.querySelector('[data-text]')!.replaceChildren(...marked(text, hit ? this.#wanted : []));
    });
    const searching = this.#wanted.length > 0;
    const slides = this.#slides?.find(this.#wanted) ?? 0;
    const told = slides ? 'found_slides' : count ? 'found' : 'found_none';
    this.#found.textContent = searching ? fill(this.#words[told]!, { count, slides }) : '';
    if (!searching && this.#lines[this.#current]) reveal(this.#list, this.#lines[this.#current]!);
  }

  /** One line takes the tabulator; arrows walk from there, so that 600 lines are one stop. */
  #rove(index: number): void {
    if (this.#list.contains(document.activeElement)) return;
    this.#list.querySelectorAll('button[tabindex="0"]').forEach((one) => mark(one, 'tabindex', '-1'));
    mark(this.#lines[index]!.querySelector('button')!, 'tabindex', '0');
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const shown = this.#lines.filter((line) => !line.hidden);
    const at = shown.findIndex((line) => line.contains(document.activeElement));
    const next = shown[at + step]?.querySelector('button');
    event.preventDefault();
    event.stopPropagation();
    if (!next) return;
    this.#list.querySelectorAll('button[tabindex="0"]').forEach((one) => mark(one, 'tabindex', '-1'));
    next.tabIndex = 0;
    next.focus();
  }
}
