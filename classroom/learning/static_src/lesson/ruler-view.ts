// The shell's ruler as a seek bar: the band grows as seconds are verified, the pointer moves with the
// picture, and a pointer of the visitor's own shows the time, the chapter and the picture it would jump to;
// whoever goes by keyboard sees the same of where they are.

import { lineAt, parseVtt, type Cue } from '../../../../media/static_src/player/cues.ts';
import type { Interval } from './api.ts';
import { indexAt, type Chapter } from './marks.ts';
import { mark, part } from './page.ts';
import { boxes, minus, percent, thumbnail } from './ruler.ts';
import { clock, fill, type Words } from './words.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** Lanes of the shell's large ruler: see config/shell/README.md. */
const BAND = { y: '28', height: '14' };
const HOLE = { y: '28', height: '13' };
const BRACKET_Y = '24.5';

export interface RulerState {
  verified: Interval[];
  /** Shown, but not yet acknowledged by the server. */
  pending: Interval[];
  gaps: Interval[];
  position: number;
}

export class RulerView {
  #slider = part('ruler');
  #svg: SVGSVGElement;
  #bands: SVGGElement;
  #holes: SVGGElement;
  #pointer: SVGSVGElement;
  #hint = part('ruler-hint');
  #hintTime = part('ruler-hint-time');
  #hintChapter = part('ruler-hint-chapter');
  #picture = part('ruler-hint-picture');
  #storyboard: { cues: Cue[]; base: string } | null = null;
  #duration: number;
  #chapters: readonly Chapter[];
  #starts: readonly number[];
  #labels: SVGElement[];
  #words: Words;
  #drawn = '';
  #second = -1;
  #chapter = -1;
  #byKeys = false;
  #position = 0;
  #seek: (ms: number) => void;

  constructor(duration: number, chapters: readonly Chapter[], words: Words, seek: (ms: number) => void) {
    [this.#duration, this.#words, this.#seek] = [duration, words, seek];
    [this.#chapters, this.#starts] = [chapters, chapters.map(({ start_ms }) => start_ms)];
    this.#svg = this.#slider.querySelector<SVGSVGElement>('svg.ruler')!;
    // The slider around it speaks for it, and is always up to date.
    mark(this.#svg, 'aria-hidden', 'true');
    this.#bands = this.#svg.querySelector<SVGGElement>('.ruler__bands')!;
    this.#holes = this.#svg.querySelector<SVGGElement>('.ruler__gaps')!;
    this.#pointer = this.#svg.querySelector<SVGSVGElement>('.ruler__index')!;
    this.#labels = [...this.#svg.querySelectorAll<SVGElement>('.ruler__label')];
    this.#listen();
  }

  /** Show slides over the pointer, once they are there. Their absence costs nothing but the picture. */
  async thumbnails(url: string): Promise<void> {
    const response = await fetch(url, { credentials: 'same-origin' }).catch(() => null);
    if (!response?.ok) return;
    this.#storyboard = { cues: parseVtt(await response.text()), base: new URL(url, location.href).href };
  }

  draw({ verified, pending, gaps, position }: RulerState): void {
    const bands = JSON.stringify([verified, pending, gaps]);
    if (bands !== this.#drawn) {
      this.#drawn = bands;
      this.#draw(verified, minus(pending, verified), gaps);
    }
    this.#position = position;
    this.#pointer.setAttribute('x', percent(position, this.#duration));
    const second = Math.floor(position / 1000);
    if (second === this.#second) return;
    this.#second = second;
    mark(this.#slider, 'aria-valuenow', String(second));
    const seen = verified.some(([s, e]) => s <= position && position < e);
    const state = this.#words[seen ? 'verified_here' : 'unverified_here']!;
    const chapter = this.#title(position);
    const values = { now: clock(position), total: clock(this.#duration), state, chapter };
    mark(this.#slider, 'aria-valuetext', fill(this.#words[chapter ? 'slider_chapter' : 'slider']!, values));
    this.#light(indexAt(this.#starts, position));
    if (this.#byKeys) this.#show(position);
  }

  #title(ms: number): string {
    return this.#chapters[indexAt(this.#starts, ms)]?.title ?? '';
  }

  /** Mark the label of the chapter that runs. Each chapter has two: its title, and its number for narrow scales. */
  #light(chapter: number): void {
    if (chapter === this.#chapter) return;
    this.#chapter = chapter;
    this.#labels.forEach((label, index) => {
      label.classList.toggle('ruler__label--current', index >> 1 === chapter);
    });
  }

  #draw(verified: Interval[], pending: Interval[], gaps: Interval[]): void {
    const band = boxes(verified, this.#duration).map((box) => ['rect', { class: 'ruler__band', ...BAND, ...box }]);
    const light = boxes(pending, this.#duration).map((box) => [
      'rect',
      { class: 'ruler__band ruler__band--pending', ...BAND, ...box },
    ]);
    keep(this.#bands, [...band, ...light] as Shape[]);
    keep(
      this.#holes,
      gaps.flatMap(([start, end]): Shape[] => {
        const [left, right] = [percent(start, this.#duration), percent(end, this.#duration)];
        const line = (x1: string, x2: string, y2: string): Shape => [
          'line',
          { class: 'ruler__bracket', x1, x2, y1: BRACKET_Y, y2 },
        ];
        const width = percent(end - start, this.#duration);
        return [
          ['rect', { class: 'ruler__hole', ...HOLE, x: left, width }],
          line(left, right, BRACKET_Y),
          line(left, left, '27'),
          line(right, right, '27'),
        ];
      }),
    );
  }

  #at(event: PointerEvent): number {
    const { left, width } = this.#svg.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - left) / width, 0), 1) * this.#duration;
  }

  #listen(): void {
    const slider = this.#slider;
    slider.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      slider.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    slider.addEventListener('pointermove', (event) => this.#point(event));
    slider.addEventListener('pointerup', (event) => {
      if (!slider.hasPointerCapture(event.pointerId)) return;
      slider.releasePointerCapture(event.pointerId);
      if (event.pointerType !== 'mouse') mark(this.#hint, 'hidden', true);
      this.#seek(this.#at(event));
    });
    for (const name of ['pointerleave', 'pointercancel', 'blur']) {
      slider.addEventListener(name, () => this.#hide());
    }
    slider.addEventListener('focus', () => {
      this.#byKeys = slider.matches(':focus-visible');
      if (this.#byKeys) this.#show(this.#position);
    });
    // Keys after a press of the pointer make the focus visible, too.
    slider.addEventListener('keydown', () => (this.#byKeys = true));
  }

  #hide(): void {
    this.#byKeys = false;
    mark(this.#hint, 'hidden', true);
  }

  #point(event: PointerEvent): void {
    this.#byKeys = false;
    this.#show(this.#at(event));
  }

  /** Show picture, chapter and time of `ms`; whoever sees none of it hears it as the slider's value. */
  #show(ms: number): void {
    this.#hintTime.textContent = clock(ms);
    const title = this.#title(ms);
    this.#hintChapter.textContent = title;
    mark(this.#hintChapter, 'hidden', !title);
    this.#slide(ms);
    mark(this.#hint, 'hidden', false);
    const { width } = this.#svg.getBoundingClientRect();
    const half = this.#hint.offsetWidth / 2;
    const x = Math.min(Math.max((ms / this.#duration) * width, half), width - half);
    this.#hint.style.transform = `translateX(${Math.round(x - half)}px)`;
  }

  #slide(ms: number): void {
    const board = this.#storyboard;
    const cue = board?.cues[lineAt(board.cues, ms)];
    const tile = cue && board ? thumbnail(cue.text, board.base) : null;
    mark(this.#picture, 'hidden', !tile);
    if (!tile) return;
    const { style } = this.#picture;
    style.width = `${tile.width}px`;
    style.height = `${tile.height}px`;
    style.backgroundImage = `url("${tile.url}")`;
    style.backgroundPosition = `-${tile.x}px -${tile.y}px`;
  }
}

type Shape = [name: string, attributes: Record<string, string>];

/** Make `group` hold these shapes. Those that are there are changed, so that a band is seen to grow. */
function keep(group: SVGGElement, shapes: Shape[]): void {
  shapes.forEach(([name, attributes], index) => {
    let element = group.children[index];
    if (element?.tagName !== name) {
      const made = document.createElementNS(SVG, name);
      if (element) element.replaceWith(made);
      else group.append(made);
      element = made;
    }
    for (const [key, value] of Object.entries(attributes)) {
      if (element.getAttribute(key) !== value) element.setAttribute(key, value);
    }
  });
  while (group.children.length > shapes.length) group.lastElementChild!.remove();
}
