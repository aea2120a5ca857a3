// One file on its way, whichever way it goes: what the list sees of it and can do with it.

import type { State } from './queue.ts';
import type { Pace } from './rules.ts';

export interface Settings {
  /** Where tus uploads begin. */
  endpoint: string;
  /** Where uploads straight into the bucket begin; '' where files are kept on the server. */
  direct: string;
  person: string;
  lecture: number | null;
  token: () => string;
}

export interface Seen {
  state: State;
  sent: number;
  pace: Pace;
  /** The server's own words where it refused. */
  detail: string;
  known: boolean;
}

export interface Sending {
  readonly file: File;
  readonly seen: Seen;
  /** Begin, or go on where it stood. */
  start(): Promise<void>;
  /** Stop sending; what was sent stays. */
  pause(): Promise<void>;
  /** Give it up. */
  cancel(): Promise<void>;
}

/** What tells an upload of this file by this person again in this browser. */
export function keyOf(file: File, settings: Settings, endpoint: string): string {
  const { name, size, type, lastModified } = file;
  return ['cc', settings.person, settings.lecture ?? '', name, type, size, lastModified, endpoint].join('|');
}
