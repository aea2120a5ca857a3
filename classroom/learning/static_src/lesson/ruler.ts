// The geometry of the seek bar: milliseconds become percent of its width. Pure. The scale itself is drawn
// by the shell's ruler; only what changes while watching is drawn here.

import type { Interval } from './api.ts';

export interface Box {
  x: string;
  width: string;
}

/** A position in percent, to a thousandth, so that a second of an hour is not rounded away. */
export function percent(ms: number, duration: number): string {
  const share = duration > 0 ? Math.min(Math.max(ms, 0), duration) / duration : 0;
  return `${Math.round(share * 100_000) / 1000}%`;
}

/** Return the boxes of intervals on a scale of `duration`. */
export function boxes(list: readonly Interval[], duration: number): Box[] {
  return list.map(([start, end]) => ({ x: percent(start, duration), width: percent(end - start, duration) }));
}

/** Return the intervals of `shown` that are not yet in `verified`, for the lighter band. */
export function minus(shown: readonly Interval[], verified: readonly Interval[]): Interval[] {
  const out: Interval[] = [];
  for (const [start, end] of shown) {
    let at = start;
    for (const [s, e] of verified) {
      if (e <= at || s >= end) continue;
      if (s > at) out.push([at, s]);
      at = Math.max(at, e);
    }
    if (at < end) out.push([at, end]);
  }
  return out;
}

/** Where in a sprite the thumbnail of `ms` lies: an entry of a storyboard in WebVTT. */
export interface Thumbnail {
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Read `sprite.jpg#xywh=0,0,160,90`; null where it is something else. */
export function thumbnail(text: string, base: string): Thumbnail | null {
  const match = /^(\S+)#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)$/.exec(text.trim());
  if (!match) return null;
  const [x, y, width, height] = match.slice(2).map(Number) as [number, number, number, number];
  return { url: new URL(match[1]!, base).href, x, y, width, height };
}
