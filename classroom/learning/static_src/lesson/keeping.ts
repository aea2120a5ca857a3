// Where what was watched is kept, and how long one may go on without the server: told as it is, at each change.

import { cutOff } from './messages.ts';
import type { Notices } from './notices.ts';
import type { Status } from './reporter.ts';
import { SaveState } from './save-state.ts';
import type { DeviceStore } from './store.ts';
import type { Words } from './words.ts';

export interface KeepingOptions {
  words: Words;
  notices: Notices;
  store: Pick<DeviceStore, 'isAwaited'>;
  /** Where one signs in again. */
  signIn: string;
  /** What may still be played without the server, and what of it the browser has already, ms. */
  allowance: () => number;
  buffered: () => number;
  /** What is played from here on could not count. */
  stop: () => void;
}

export class Keeping {
  #o: KeepingOptions;
  #save: SaveState;

  constructor(options: KeepingOptions) {
    this.#o = options;
    this.#save = new SaveState(options.words);
  }

  show(status: Status): void {
    this.#save.show(status);
    if (status.state === 'saved') this.#o.notices.clear('offline', 'busy', 'allowance');
    this.outlives(status.lasts);
    this.cutOff(status);
  }

  /** Whether what is not saved yet would outlive the page; where not, why. */
  outlives(lasts: boolean): void {
    const { words, notices, store } = this.#o;
    const [told, other] = store.isAwaited ? (['silent', 'memory'] as const) : (['memory', 'silent'] as const);
    if (lasts) return notices.clear(told, other);
    notices.clear(other);
    notices.note(told, words);
  }

  /** Keep the note on being cut off true: since when, and how long one may go on. */
  cutOff(status: Status): void {
    const { words, notices, signIn, allowance, buffered, stop } = this.#o;
    const isBusy = status.state === 'busy';
    const left = allowance();
    // A server that has no time for reports may still have the picture.
    const told = cutOff(status, isBusy ? left : Math.min(left, Math.max(buffered(), 0)), words);
    if (!told) return;
    if (left <= 0) {
      stop();
      notices.note('allowance', words);
    }
    const action = status.state === 'signed_out' ? words.sign_in : undefined;
    notices.clear(isBusy ? 'offline' : 'busy');
    notices.set(isBusy ? 'busy' : 'offline', { ...told, action, act: () => window.open(signIn, '_blank', 'noopener') });
  }
}
