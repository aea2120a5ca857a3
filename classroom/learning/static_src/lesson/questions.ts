// Questions inside the video: playing comes to a moment, pauses there, and goes on after the answer. What was
// put off, or passed while offline, waits in a list under the player; marks on the ruler say where questions stand.

import { send, type Grant } from './api.ts';
import { due, partBefore, waiting, type Asked, type Graded } from './moments.ts';
import { copy, mark, part, type LessonData } from './page.ts';
import { QuestionDialog, type Left } from './question-dialog.ts';
import { percent } from './ruler.ts';
import { clock, fill, type Words } from './words.ts';

const SVG = 'http://www.w3.org/2000/svg';

/** What the page does for the questions. */
export interface Player {
  play(): Promise<void>;
  seek(ms: number): void;
}

export class Questions {
  #player: Player;
  #video = part<HTMLVideoElement>('video');
  #root = part('asked');
  #list = part('asked-list');
  #sentence = part('asked-sentence');
  #words: Words;
  #group = document.createElementNS(SVG, 'g');
  #duration: number;
  #sessions: string;
  #session = '';
  #asked: Asked[] = [];
  #quiet = new Set<string>();
  #dialog: QuestionDialog;
  /** Where playing was when last looked at; null after a jump, so that what was jumped over is not met. */
  #from: number | null = null;
  #reach = 0;
  #goesOn = false;
  #drawn = '';

  constructor({ words, duration_ms, addresses }: LessonData, player: Player) {
    [this.#words, this.#duration, this.#sessions, this.#player] = [words, duration_ms, addresses.sessions, player];
    this.#dialog = new QuestionDialog(words, {
      answer: (one, choice, number) =>
        send<Graded>(`${this.#sessions}${this.#session}/questions/${one.key}/`, { choice, number }),
      graded: (_, said) => this.#graded(said),
      left: (one, how) => this.#left(one, how),
    });
    this.#listen();
  }

  /** The questions as the server grants them with a viewing. */
  take({ session, furthest_ms, questions }: Pick<Grant, 'session' | 'furthest_ms' | 'questions'>): void {
    this.#session = session;
    this.#reach = Math.max(this.#reach, furthest_ms);
    // One that is on the screen goes on as it is: its dialog holds on to it.
    if (!this.#dialog.isOpen) this.#asked = questions;
    this.#draw();
  }

  /** Playing has come to `at`: put the question that was met on the way, if any. */
  follow(at: number): void {
    if (this.#video.seeking) {
      this.#from = null;
      return;
    }
    const from = this.#from ?? at;
    this.#from = at;
    if (this.#dialog.isOpen) return;
    const found = due(this.#asked, from, at, this.#quiet);
    if (at > this.#reach) this.#reach = at;
    this.#draw();
    if (found) this.#put(found, true);
  }

  #put(one: Asked, goesOn: boolean): void {
    this.#goesOn = goesOn;
    this.#video.pause();
    // A phone's own full screen shows nothing but the picture.
    const video = this.#video as HTMLVideoElement & { webkitDisplayingFullscreen?: boolean; webkitExitFullscreen?: () => void };
    if (video.webkitDisplayingFullscreen) video.webkitExitFullscreen?.();
    this.#dialog.ask(one);
  }

  #left(one: Asked, how: Left): void {
    if (how === 'later') this.#quiet.add(one.key);
    if (how === 'again') {
      this.#quiet.delete(one.key);
      this.#player.seek(partBefore(this.#asked, one));
    }
    this.#draw();
    if (how === 'again' || this.#goesOn) void this.#player.play();
    else this.#list.querySelector<HTMLElement>('button')?.focus();
  }

  #graded({ course_completed }: Graded): void {
    this.#draw();
    if (course_completed) this.#video.dispatchEvent(new CustomEvent('lesson:completed', { detail: true }));
  }

  #listen(): void {
    const video = this.#video;
    const at = (): number => Math.round(video.currentTime * 1000);
    const frame = (): void => {
      if (video.paused) return;
      this.follow(at());
      requestAnimationFrame(frame);
    };
    video.addEventListener('lesson:granted', (event) => this.take((event as CustomEvent<Grant>).detail));
    video.addEventListener('play', () => {
      this.#from = null;
      // A media key under an open question: the picture waits for it all the same.
      if (this.#dialog.isOpen) video.pause();
      else frame();
    });
    video.addEventListener('seeking', () => (this.#from = null));
    // Frames stop in a hidden page and in a picture in picture of some browsers; this does not.
    video.addEventListener('timeupdate', () => !video.paused && this.follow(at()));
    // What lies in the last moments is met even where no frame came after it.
    video.addEventListener('ended', () => this.follow(this.#duration));
    this.#list.addEventListener('click', (event) => {
      const key = (event.target as Element).closest<HTMLElement>('[data-key]')?.dataset.key;
      const one = this.#asked.find((other) => other.key === key);
      if (!one) return;
      this.#player.seek(one.at_ms);
      this.#put(one, false);
    });
  }

  #draw(): void {
    const left = waiting(this.#asked, this.#reach);
    const drawn = JSON.stringify([this.#asked.map(({ key, tries, is_answered: done }) => [key, tries, done]), left.length]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const done = this.#asked.filter((one) => one.is_answered).length;
    mark(this.#root, 'hidden', this.#asked.length === 0);
    this.#sentence.textContent = fill(this.#words.asked_sentence!, { done, count: this.#asked.length });
    this.#list.replaceChildren(...left.map((one) => this.#line(one)));
    mark(this.#list, 'hidden', left.length === 0);
    this.#marks();
  }

  #line({ key, at_ms, stem, tries }: Asked): HTMLElement {
    const item = copy('asked-template');
    item.querySelector<HTMLElement>('button')!.dataset.key = key;
    part('asked-at', item).textContent = clock(at_ms);
    part('asked-stem', item).textContent = stem;
    part('asked-state', item).textContent = fill(this.#words[tries > 0 ? 'asked_tried' : 'asked_open']!, { tries });
    return item;
  }

  /** A diamond a question on the band: hollow where it waits, filled once it is answered. The list says the same. */
  #marks(): void {
    if (!this.#group.parentNode) part('ruler').querySelector('svg')?.append(this.#group);
    this.#group.replaceChildren(
      ...this.#asked.map(({ at_ms, is_answered }) => {
        const place = document.createElementNS(SVG, 'svg');
        const shape = document.createElementNS(SVG, 'path');
        place.setAttribute('x', percent(at_ms, this.#duration));
        place.setAttribute('y', '35');
        place.setAttribute('overflow', 'visible');
        shape.setAttribute('d', 'M0 -6 6 0 0 6 -6 0Z');
        shape.setAttribute('class', 'ruler__question');
        shape.setAttribute('data-state', is_answered ? 'right' : 'open');
        place.append(shape);
        return place;
      }),
    );
  }
}
