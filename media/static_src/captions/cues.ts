// What can be done with a list of cues. Pure: each returns new lists, so that undoing is going back.

import { lineAt } from '../player/cues.ts';

export interface Cue {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Where on the picture WebVTT puts it; kept as it came. */
  readonly settings: string;
}

/** A list of cues and the one that is chosen, -1 for none. */
export interface Edited {
  readonly cues: readonly Cue[];
  readonly at: number;
}

/** How long a new cue stays where nothing limits it. */
export const USUAL_MS = 2000;
/** What a cue is at least given. */
export const LEAST_MS = 100;
/** So many cues back one that still runs is looked for. */
const MOST_BEHIND = 5;

function spliced(cues: readonly Cue[], at: number, count: number, ...made: Cue[]): Cue[] {
  return [...cues.slice(0, at), ...made, ...cues.slice(at + count)];
}

/** Put the cues in order of their times; the chosen one stays chosen. */
export function ordered({ cues, at }: Edited): Edited {
  const chosen = cues[at];
  const sorted = [...cues].sort((a, b) => a.start - b.start || a.end - b.end);
  return { cues: sorted, at: chosen ? sorted.indexOf(chosen) : -1 };
}

/** Give the chosen cue other times or words. */
export function changed({ cues, at }: Edited, part: Partial<Cue>): Edited {
  const cue = cues[at];
  if (!cue) return { cues, at };
  return { cues: spliced(cues, at, 1, { ...cue, ...part }), at };
}

/** Cut the chosen cue in two at a place in its text; time is shared out by the length of the words.
 * `now` is where the video stands: inside the cue it is the cut. Null where one side would be empty. */
export function split({ cues, at }: Edited, place: number, now = -1): Edited | null {
  const cue = cues[at];
  if (!cue) return null;
  const first = cue.text.slice(0, place).trim();
  const second = cue.text.slice(place).trim();
  const length = cue.end - cue.start;
  if (!first || !second || length < 2 * LEAST_MS) return null;
  const inside = now >= cue.start + LEAST_MS && now <= cue.end - LEAST_MS;
  const shared = Math.round((length * first.length) / (first.length + second.length));
  const cut = inside ? Math.round(now) : cue.start + Math.min(Math.max(shared, LEAST_MS), length - LEAST_MS);
  const made = [
    { ...cue, end: cut, text: first },
    { ...cue, start: cut, text: second },
  ];
  return { cues: spliced(cues, at, 1, ...made), at: at + 1 };
}

/** Join the chosen cue with the one after it. Null where there is none. */
export function merge({ cues, at }: Edited): Edited | null {
  const [cue, next] = [cues[at], cues[at + 1]];
  if (!cue || !next) return null;
  const text = [cue.text.trim(), next.text.trim()].filter((part) => part !== '').join('\n');
  const made = { ...cue, end: Math.max(cue.end, next.end), text };
  return { cues: spliced(cues, at, 2, made), at };
}

/** Put an empty cue where the video stands, short enough not to run into the next one. */
export function insert({ cues }: Edited, now: number): Edited {
  const start = Math.max(0, Math.round(now));
  const place = cues.findIndex((cue) => cue.start > start);
  const at = place < 0 ? cues.length : place;
  const next = cues[at];
  const end = next ? Math.max(start + LEAST_MS, Math.min(start + USUAL_MS, next.start)) : start + USUAL_MS;
  return { cues: spliced(cues, at, 0, { start, end, text: '', settings: '' }), at };
}

/** Take the chosen cue out; the one after it is chosen, or the last. */
export function remove({ cues, at }: Edited): Edited {
  if (!cues[at]) return { cues, at };
  const left = spliced(cues, at, 1);
  return { cues: left, at: Math.min(at, left.length - 1) };
}

/** Move the cues from index `from` on by `ms`. A number is how far they can be moved back at most. */
export function shifted({ cues, at }: Edited, from: number, ms: number): Edited | number {
  const moved = cues.slice(from);
  const earliest = Math.min(...moved.map((cue) => cue.start));
  if (moved.length > 0 && earliest + ms < 0) return earliest;
  const made = moved.map((cue) => ({ ...cue, start: cue.start + ms, end: cue.end + ms }));
  return ordered({ cues: [...cues.slice(0, from), ...made], at });
}

/** Return the index of the cue to be shown at `ms`: the last that began and has not ended, or -1. */
export function showing(cues: readonly Cue[], ms: number): number {
  const last = lineAt(cues, ms);
  for (let at = last; at >= 0 && at > last - MOST_BEHIND; at -= 1) if (cues[at]!.end > ms) return at;
  return -1;
}
