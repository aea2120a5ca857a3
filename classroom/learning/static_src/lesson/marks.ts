// Chapters and slides: lists of moments. Each entry is a link to its own (so it works as an address, too), the
// one that is on the picture now is marked, and those that a first view has not reached say so.

import type { Interval } from './api.ts';
import { mark, part } from './page.ts';
import { reveal, uncover } from './scroll.ts';

/** A jump within this much of the furthest point is none that is held back (`standing.ts`). */
const LENIENT_MS = 250;
/** Going back this soon after a chapter began means the one before. */
const JUST_BEGUN_MS = 3000;

export interface Chapter {
  start_ms: number;
  title: string;
}

export interface Slide {
  start_ms: number;
  end_ms: number;
  text: string;
  file: string;
}

/** Return the index of the last of these moments at or before `ms`, or -1. Pure. */
export function indexAt(starts: readonly number[], ms: number): number {
  return starts.filter((start) => start <= ms).length - 1;
}

/** Return where the next of these moments is, or null after the last. Pure. */
export function nextStart(starts: readonly number[], ms: number): number | null {
  return starts[indexAt(starts, ms) + 1] ?? null;
}

/** Return where going back leads: to the begin of what runs, or of the one before it where that just began. Pure. */
export function previousStart(starts: readonly number[], ms: number): number | null {
  const at = indexAt(starts, ms);
  if (at < 0) return null;
  return ms - starts[at]! > JUST_BEGUN_MS ? starts[at]! : starts[Math.max(at - 1, 0)]!;
}

/** What both lists do. The entries are the server's; a lecture without any has no list. */
class Marks {
  readonly starts: readonly number[];
  readonly list: HTMLElement | null;
  readonly entries: HTMLElement[];
  #ends: readonly number[];
  #current = -1;

  constructor(name: string, spans: readonly Interval[], seek: (ms: number) => void) {
    this.starts = spans.map(([start]) => start);
    this.#ends = spans.map(([, end]) => end);
    this.list = document.querySelector<HTMLElement>(`[data-part="${name}"]`);
    this.entries = [...(this.list?.querySelectorAll<HTMLElement>('[data-index]') ?? [])];
    this.list?.addEventListener('click', (event) => {
      const entry = (event.target as Element).closest<HTMLElement>('[data-index]');
      if (!entry || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      seek(this.starts[Number(entry.dataset.index)]!);
      uncover(part('stage'));
    });
  }

  /** Mark what is on the picture at `ms`, and bring it into view within its panel. */
  follow(ms: number): void {
    const found = indexAt(this.starts, ms);
    const index = found >= 0 && ms < this.#ends[found]! ? found : -1;
    if (index === this.#current) return;
    const before = this.entries[this.#current];
    if (before) mark(before, 'aria-current', null);
    this.#current = index;
    const entry = this.entries[index];
    if (!entry) return;
    mark(entry, 'aria-current', 'true');
    if (!this.list!.contains(document.activeElement)) reveal(this.list!, entry);
  }

  /** Say of every entry beyond `limit` that it was not reached yet. */
  reach(limit: number): void {
    this.entries.forEach((entry, index) => {
      const isAhead = this.starts[index]! > limit + LENIENT_MS;
      if ((entry.getAttribute('data-ahead') !== null) === isAhead) return;
      mark(entry, 'data-ahead', isAhead);
      mark(part('ahead', entry), 'hidden', !isAhead);
    });
  }
}

export class Chapters extends Marks {
  constructor(chapters: readonly Chapter[], seek: (ms: number) => void) {
    const end = (index: number): number => chapters[index + 1]?.start_ms ?? Infinity;
    super('chapters', chapters.map(({ start_ms }, index) => [start_ms, end(index)]), seek);
  }
}

export class Slides extends Marks {
  #slides: readonly Slide[];

  constructor(slides: readonly Slide[], seek: (ms: number) => void) {
    super('slides', slides.map(({ start_ms, end_ms }) => [start_ms, end_ms]), seek);
    this.#slides = slides;
  }

  /** Show the pictures, which lie under the viewing's grant as the stream does; those that came are kept. */
  pictures(manifest: string): void {
    const base = new URL(manifest, location.href);
    this.entries.forEach((entry, index) => {
      const frame = part('slide-frame', entry);
      const before = frame.querySelector('img');
      if (before?.complete && before.naturalWidth > 0) return;
      const picture = document.createElement('img');
      Object.assign(picture, { alt: '', loading: 'lazy', decoding: 'async' });
      picture.src = new URL(this.#slides[index]!.file, base).href;
      frame.replaceChildren(picture);
    });
  }
}
