// Says truthfully where what was watched is: with the server, on this device, or nowhere yet.

import { mark, part } from './page.ts';
import type { SaveState as SaveStateName, Status } from './reporter.ts';
import { fill, timeOfDay, type Words } from './words.ts';

/** Return the words of a status. Pure. */
export function saveWords(status: Status, words: Words): string {
  const values = {
    time: status.savedAt === null ? '' : timeOfDay(new Date(status.savedAt)),
    count: status.waiting,
    detail: status.detail,
  };
  const isKeeping = status.state === 'offline' || status.state === 'busy';
  const unkept = isKeeping && !status.lasts ? '_unkept' : '';
  return fill(words[`save_${status.state}${unkept}`]!, values);
}

/** The shell's names of what is drawn. */
const DRAWN: Record<SaveStateName, string> = {
  ready: 'ready',
  saving: 'saving',
  saved: 'saved',
  offline: 'offline',
  busy: 'sending',
  resending: 'sending',
  signed_out: 'failed',
  refused: 'failed',
};

export class SaveState {
  #root = part('save');
  #text = part('save-text');
  #way = part<HTMLAnchorElement>('save-way-out');
  #words: Words;

  constructor(words: Words) {
    this.#words = words;
  }

  show(status: Status): void {
    const text = saveWords(status, this.#words);
    // A live region speaks at each change: leave it alone where nothing changed.
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#root.dataset.state = DRAWN[status.state];
    mark(this.#way, 'hidden', status.state !== 'signed_out');
  }
}
