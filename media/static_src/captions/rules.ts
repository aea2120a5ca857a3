// The rules of media/caption_rules.py, so that what is wrong is told while it is written. Pure.

import type { Cue } from './cues.ts';

export interface Fault {
  index: number;
  code: string;
}

export const MOST_CHARACTERS = 1000;
export const LATEST_MS = 100 * 3_600_000 - 1;
export const MOST_WIDTH = 84;
export const WIDTH_A_SECOND = 20;
export const TOLERANCE_MS = 1000;
const WIDE_FROM = 0x2e80;
const ERRORS = ['empty', 'too_long', 'negative', 'too_late', 'backwards'];

/** Whether captions with this fault are refused. */
export function isError(fault: Fault): boolean {
  return ERRORS.includes(fault.code);
}

/** Return how wide a text is, in letters; a Chinese character counts twice. */
export function width(text: string): number {
  let sum = 0;
  for (const character of text) if (character !== '\n') sum += character.codePointAt(0)! >= WIDE_FROM ? 2 : 1;
  return sum;
}

/** Return what is wrong with cues in their order; `duration` is that of the video, 0 where unknown. */
export function faultsOf(cues: readonly Cue[], duration = 0): Fault[] {
  const found: Fault[] = [];
  let latest = 0;
  cues.forEach((cue, index) => {
    const code = error(cue);
    if (code) {
      found.push({ index, code });
      return;
    }
    if (cue.start < latest) found.push({ index, code: 'overlap' });
    latest = Math.max(latest, cue.end);
    if (duration > 0 && cue.end > duration + TOLERANCE_MS) found.push({ index, code: 'beyond_end' });
    const size = width(cue.text);
    if (size > MOST_WIDTH) found.push({ index, code: 'wide' });
    if (size * 1000 > WIDTH_A_SECOND * (cue.end - cue.start)) found.push({ index, code: 'fast' });
  });
  return found;
}

function error({ start, end, text }: Cue): string {
  if (text.trim() === '') return 'empty';
  if ([...text].length > MOST_CHARACTERS) return 'too_long';
  if (start < 0 || end < 0) return 'negative';
  if (Math.max(start, end) > LATEST_MS) return 'too_late';
  return end <= start ? 'backwards' : '';
}
