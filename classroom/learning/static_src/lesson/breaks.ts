// Playing broke off: what is tried again by itself, and what is told with a way out.

import type { Failure } from '../../../../media/static_src/player/lecture.ts';
import { Chances } from './chances.ts';
import { brokenOff } from './messages.ts';
import type { Notices } from './notices.ts';
import type { Words } from './words.ts';

export interface BreaksOptions {
  words: Words;
  notices: Pick<Notices, 'set' | 'clear'>;
  stage: (state: 'loading' | 'failed') => void;
  /** Whether something is shown all the same: what is in the buffer is shown to its end. */
  isShowing: () => boolean;
  /** Fetch once more what did not come. */
  retry: () => void;
  /** Take a new grant, the one before having run out. */
  reopen: () => void;
}

export class Breaks {
  #o: BreaksOptions;
  #chances = new Chances(Date.now);
  /** While a break waits for the network. */
  #waits: AbortController | null = null;

  constructor(options: BreaksOptions) {
    this.#o = options;
  }

  /** A grant that ran out is renewed; without a network it is tried when that is back; all else is told. */
  failed({ kind }: Failure): void {
    const { words, notices, reopen } = this.#o;
    if (kind === 'refused' && this.#chances.take()) return reopen();
    this.over();
    this.#stage('failed');
    const act = (): void => this.#again();
    if (kind === 'network') {
      this.#waits = new AbortController();
      addEventListener('online', act, { once: true, signal: this.#waits.signal });
    }
    notices.set('failed', { ...brokenOff(kind, words), act });
  }

  /** It was tried again or opened anew: a network that comes and goes later is nothing to this break. */
  over(): void {
    this.#waits?.abort();
    this.#waits = null;
    this.#o.notices.clear('failed');
  }

  #again(): void {
    this.over();
    this.#stage('loading');
    this.#o.retry();
  }

  #stage(state: 'loading' | 'failed'): void {
    if (!this.#o.isShowing()) this.#o.stage(state);
  }
}
