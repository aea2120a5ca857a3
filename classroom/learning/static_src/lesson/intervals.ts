// Interval lists: sorted, disjoint, half open, whole milliseconds. Pure.

import type { Interval } from './api.ts';

/** Return the union of `list` and `more`. */
export function union(list: readonly Interval[], more: readonly Interval[]): Interval[] {
  const sorted = [...list, ...more].filter(([s, e]) => e > s).sort((a, b) => a[0] - b[0]);
  const out: Interval[] = [];
  for (const [start, end] of sorted) {
    const last = out[out.length - 1];
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else out.push([start, end]);
  }
  return out;
}

/** Return how much `list` covers. */
export function total(list: readonly Interval[]): number {
  return list.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** Return how far `list` reaches. */
export function furthest(list: readonly Interval[]): number {
  return list.length > 0 ? list[list.length - 1]![1] : 0;
}

/** Small holes together are forgiven up to this much, as by the server (`progress/spans.py`). */
const FORGIVEN_MS = 2000;

/** Return what is still to be watched, by the server's rule: holes up to `tolerance` are no gaps while few. */
export function missing(list: readonly Interval[], duration: number, tolerance: number): Interval[] {
  const every: Interval[] = [];
  let at = 0;
  for (const [start, end] of list) {
    if (start > at) every.push([at, start]);
    at = Math.max(at, end);
  }
  if (duration > at) every.push([at, duration]);
  const large = every.filter(([start, end]) => end - start > tolerance);
  return total(every) - total(large) <= FORGIVEN_MS ? large : every;
}

/** Of what is missing, what was left out: it lies behind the furthest point. */
export function gaps(lacking: readonly Interval[], reach: number): Interval[] {
  return lacking.filter(([, end]) => end <= reach);
}

/** Return the first gap that begins after `ms`, or the first of all; null where there is none. */
export function nextGap(list: readonly Interval[], ms: number): Interval | null {
  return list.find(([start]) => start > ms) ?? list[0] ?? null;
}

/** Return the last gap that ends before `ms`, or the last of all; null where there is none. */
export function previousGap(list: readonly Interval[], ms: number): Interval | null {
  return list.filter(([start]) => start < ms - 1000).at(-1) ?? list.at(-1) ?? null;
}

/** The point that a first viewing may not pass: seeking further is told, not done. */
export function seekLimit(reach: number, duration: number, freeSeek: boolean): number {
  return freeSeek ? duration : Math.min(reach, duration);
}
