// The viewer's masked name over the picture, so that a recording of a screen says whose it was. It wanders, so
// that no one corner can be cut off, and whoever takes it out of the page finds it there again. It is a
// deterrent, not a lock: what a browser shows can be filmed.

const STAY_MS = 20_000;
/** The picture is parted into so many columns and rows; each place lies in another field than the one before. */
const FIELDS = 3;
/** The lowest fifth belongs to the captions. */
const LOWEST = 0.8;

/** A place as shares of the room that the picture leaves to the mark. */
export interface Place {
  x: number;
  y: number;
}

/** Places without end, unforeseeable and never twice in one field. Pure but for `random` (0 to below 1). */
export function* wander(random: () => number): Generator<Place, never> {
  const count = FIELDS * FIELDS;
  for (let field = Math.floor(random() * count); ; field = (field + 1 + Math.floor(random() * (count - 1))) % count) {
    yield {
      x: ((field % FIELDS) + random()) / FIELDS,
      y: ((Math.floor(field / FIELDS) + random()) / FIELDS) * LOWEST,
    };
  }
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Return where the picture lies in an element that shows it whole: there may be bars beside or over it. Pure. */
export function pictureBox(element: Box, ratio: number): Box {
  if (!(ratio > 0)) return element;
  const width = Math.min(element.width, element.height * ratio);
  const height = Math.min(element.height, element.width / ratio);
  return {
    left: element.left + (element.width - width) / 2,
    top: element.top + (element.height - height) / 2,
    width,
    height,
  };
}

export class Watermark {
  #stage: HTMLElement;
  #video: HTMLVideoElement;
  #text: string;
  #places = wander(Math.random);
  #place: Place;
  #mark!: HTMLElement;
  #watch = new MutationObserver(() => this.#mend());

  constructor(stage: HTMLElement, video: HTMLVideoElement, text: string) {
    [this.#stage, this.#video, this.#text] = [stage, video, text];
    this.#place = this.#places.next().value;
    this.#make();
    setInterval(() => this.#move(), STAY_MS);
    new ResizeObserver(() => this.#lay()).observe(stage);
    video.addEventListener('resize', () => this.#lay());
  }

  #move(): void {
    this.#place = this.#places.next().value;
    this.#mend();
    this.#lay();
  }

  /** Put a new one in the place of one that was taken away, hidden or written over. */
  #mend(): void {
    const mark = this.#mark;
    const isWhole =
      mark.parentElement === this.#stage &&
      mark.textContent === this.#text &&
      mark.getAttributeNames().every((name) => ['class', 'aria-hidden', 'style'].includes(name)) &&
      mark.className === NAME &&
      [...mark.style].every((name) => name === 'translate');
    if (isWhole) return;
    mark.remove();
    this.#make();
  }

  #make(): void {
    this.#watch.disconnect();
    this.#mark = document.createElement('p');
    this.#mark.className = NAME;
    this.#mark.setAttribute('aria-hidden', 'true');
    this.#mark.textContent = this.#text;
    this.#stage.append(this.#mark);
    this.#lay();
    this.#watch.observe(this.#stage, { childList: true });
    this.#watch.observe(this.#mark, { attributes: true, childList: true, characterData: true, subtree: true });
  }

  #lay(): void {
    const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = this.#video;
    const { videoWidth, videoHeight } = this.#video;
    const box = pictureBox({ left, top, width, height }, videoWidth / videoHeight);
    const x = box.left + this.#place.x * Math.max(box.width - this.#mark.offsetWidth, 0);
    const y = box.top + this.#place.y * Math.max(box.height - this.#mark.offsetHeight, 0);
    this.#mark.style.setProperty('translate', `${Math.round(x)}px ${Math.round(y)}px`);
  }
}

const NAME = 'stage__watermark';
