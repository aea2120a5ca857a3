// Which transfers run, and when all is done. No DOM.

export type State = 'waiting' | 'sending' | 'paused' | 'retrying' | 'done' | 'failed';

/** As many files are sent at once; the rest wait for their turn. */
export const AT_ONCE = 2;

/** Whether a transfer takes one of the places: one that tries again keeps its own. */
export function isBusy(state: State): boolean {
  return state === 'sending' || state === 'retrying';
}

/** Whether a press on the button stops it; otherwise it goes on. */
export function isRunning(state: State): boolean {
  return isBusy(state) || state === 'waiting';
}

/** Return the places in the list of those that may begin now, first come, first served. */
export function startable(states: readonly State[], atOnce: number = AT_ONCE): number[] {
  const room = atOnce - states.filter(isBusy).length;
  const waiting = states.flatMap((state, index) => (state === 'waiting' ? [index] : []));
  return waiting.slice(0, Math.max(0, room));
}

/** Whether nothing is left to do: the list may show the lectures that came of it. */
export function isAllDone(states: readonly State[]): boolean {
  return states.length > 0 && states.every((state) => state === 'done');
}
