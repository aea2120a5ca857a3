// What each key does. Pure: it only says which of the player's deeds a key asks for.

import type { Interval } from './api.ts';
import { nextGap, previousGap } from './intervals.ts';
import { nextStart, previousStart } from './marks.ts';

const ARROW_MS = 5_000;
export const LETTER_MS = 10_000;

/** The deeds of a player that keys ask for. */
export interface Deeds {
  position: () => number;
  gaps: () => readonly Interval[];
  /** Where the chapters begin. */
  chapters: readonly number[];
  toggle: () => void;
  seek: (ms: number) => void;
  playGap: (start: number, end: number) => void;
  volume: (step: number) => void;
  mute: () => void;
  captions: () => void;
  fullscreen: () => void;
  pip: () => void;
  rate: (step: 1 | -1) => void;
  search: () => void;
  help: () => void;
}

/** Return what to run for each action of `shortcuts.ts`. */
export function actions(deeds: Deeds): Record<string, () => void> {
  const by = (ms: number) => (): void => deeds.seek(deeds.position() + ms);
  const walk = (find: typeof nextGap) => (): void => {
    const gap = find(deeds.gaps(), deeds.position());
    if (gap) deeds.playGap(gap[0], gap[1]);
  };
  const leaf = (find: typeof nextStart) => (): void => {
    const start = find(deeds.chapters, deeds.position());
    if (start !== null) deeds.seek(start);
  };
  return {
    play: deeds.toggle,
    back: by(-LETTER_MS),
    forward: by(LETTER_MS),
    left: by(-ARROW_MS),
    right: by(ARROW_MS),
    louder: () => deeds.volume(0.1),
    quieter: () => deeds.volume(-0.1),
    mute: deeds.mute,
    captions: deeds.captions,
    fullscreen: deeds.fullscreen,
    pip: deeds.pip,
    faster: () => deeds.rate(1),
    slower: () => deeds.rate(-1),
    next_gap: walk(nextGap),
    previous_gap: walk(previousGap),
    next_chapter: leaf(nextStart),
    previous_chapter: leaf(previousStart),
    search: deeds.search,
    help: deeds.help,
  };
}
