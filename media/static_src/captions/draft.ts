// What is not saved yet, kept in this browser, so that a closed window loses nothing. No DOM.

import type { Row } from './saving.ts';

export interface Draft {
  revision: number;
  at: number;
  cues: Row[];
}

const PREFIX = 'captions:';
/** Older drafts are of no use to anybody. */
export const KEPT_MS = 14 * 24 * 3_600_000;

/** Return the browser's storage, null where it is forbidden. */
export function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

/** Keep a draft; a full or forbidden storage is no error, the page still has everything. */
export function keep(storage: Storage | null, key: string, draft: Draft): void {
  try {
    storage?.setItem(PREFIX + key, JSON.stringify(draft));
  } catch {
    // Private windows and full disks.
  }
}

export function forget(storage: Storage | null, key: string): void {
  try {
    storage?.removeItem(PREFIX + key);
  } catch {
    // As above.
  }
}

/** Return the draft of a track, null where there is none, it is too old or it is spoiled. */
export function read(storage: Storage | null, key: string, now: number): Draft | null {
  try {
    const found = JSON.parse(storage?.getItem(PREFIX + key) ?? 'null') as Draft | null;
    const whole = found !== null && Array.isArray(found.cues) && found.cues.every(isRow);
    return whole && Number.isInteger(found.revision) && now - found.at < KEPT_MS ? found : null;
  } catch {
    return null;
  }
}

function isRow(row: unknown): boolean {
  if (!Array.isArray(row) || row.length !== 4) return false;
  const [start, end, text, settings] = row as unknown[];
  return Number.isInteger(start) && Number.isInteger(end) && typeof text === 'string' && typeof settings === 'string';
}
