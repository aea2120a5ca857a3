// Where the words that are looked for stand on the slides; each hit leads to the slide.

import type { Slide } from './marks.ts';
import { part } from './page.ts';
import { excerpt, marked, matches } from './search.ts';
import { clock } from './words.ts';

export class SlideHits {
  #panel = part('slide-hits');
  #list = part('slide-hits-list');
  #slides: readonly Slide[];

  constructor(slides: readonly Slide[], seek: (ms: number) => void) {
    this.#slides = slides;
    this.#list.addEventListener('click', (event) => {
      const hit = (event.target as Element).closest<HTMLElement>('[data-start]');
      if (hit) seek(Number(hit.dataset.start));
    });
  }

  /** List the slides that hold every word, and return how many they are; without a word there are none. */
  find(wanted: readonly string[]): number {
    const found = wanted.length > 0 ? this.#slides.filter(({ text }) => matches(joined(text), wanted)) : [];
    this.#list.replaceChildren(...found.map((slide) => hit(slide, wanted)));
    this.#panel.hidden = found.length === 0;
    return found.length;
  }
}

/** Text that was read off a picture has spaces anywhere, and none of them mean anything to a search. */
function joined(text: string): string {
  return text.replace(/\s+/g, '');
}

function hit({ start_ms, text }: Slide, wanted: readonly string[]): HTMLElement {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'transcript__button';
  button.dataset.start = String(start_ms);
  const time = document.createElement('span');
  time.className = 'transcript__time';
  time.textContent = clock(start_ms);
  const body = document.createElement('span');
  body.className = 'transcript__body';
  body.append(...marked(excerpt(text, wanted), wanted));
  button.append(time, body);
  item.append(button);
  return item;
}
