// What the player says to the server, and what it hears. The only file that knows the addresses' shapes.

import type { Span } from '../../../../media/static_src/player/lecture.ts';
import type { Asked } from './moments.ts';
import { retryAfter } from './waiting.ts';

export type Interval = [start: number, end: number];

/** What a session is granted. Times are milliseconds. */
export interface Grant {
  session: string;
  manifest_url: string;
  storyboard_url: string | null;
  duration_ms: number;
  position_ms: number;
  coverage: Interval[];
  furthest_ms: number;
  waiting?: Interval[];
  policy: Policy;
  captions: { language: string; label: string; url: string }[];
  questions: Asked[];
  settings: KeptSettings;
}

/** How a person likes to watch; `_at_ms` is when it was chosen by the server's clock, 0 where it never was. */
export interface KeptSettings {
  rate: number | null;
  rate_at_ms: number;
  /** A language, or "off". */
  captions: string | null;
  captions_at_ms: number;
}

export interface Policy {
  rate_cap: number;
  free_seek: boolean;
  hidden_pauses: boolean;
  offline_allowance_s: number;
  tolerance_ms: number;
}

export interface Report {
  session: string;
  seq: number;
  spans: Span[];
  position_ms: number | null;
}

export interface Presence {
  id: string;
  seconds_left: number;
}

/** What an answer to a presence check did: whether it came in time. */
export interface Answered {
  is_passed: boolean;
}

export interface Acknowledgement {
  highest_seq: number;
  coverage: Interval[];
  furthest_ms: number;
  /** What was shown ahead of the furthest point: it counts once what was left out before it is played. */
  waiting?: Interval[];
  refused: { rule: string; s: number; e: number; reason: string }[];
  has_lease: boolean;
  presence: Presence | null;
  lesson_completed: boolean;
  course_completed: boolean;
  /** The session's clock by the server when it received the report. */
  session_ms: number;
}

/** How sending ended. `later`: try again, there is no network or the server has no time; `after` are the milliseconds
 *  for which it asked to be left alone. `signed_out`: keep until signed in. `refused`: it never will. */
export type Outcome<T> =
  | { kind: 'ok'; value: T }
  | { kind: 'later'; offline: boolean; after?: number }
  | { kind: 'signed_out' }
  | { kind: 'refused'; status: number; detail: string };

export interface Addresses {
  sessions: string;
  notes: string;
  settings: string;
}

function csrf(): string {
  const field = document.querySelector<HTMLInputElement>('input[name="csrfmiddlewaretoken"]');
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? field?.value ?? '';
}

/** Whether an answer is our server's: the page of a captive portal or a proxy may be JSON, too. */
export type Fits = (value: unknown) => boolean;

/** An answer fits that has all of these names, each as a whole number or a text. */
export function has(...names: string[]): Fits {
  return (value) => names.every((name) => isPlain((value as Record<string, unknown> | null)?.[name]));
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || Number.isInteger(value);
}

/** Send JSON. Never throws: what went wrong is in the outcome. An answer that does not fit is none of ours. */
export async function send<T>(
  url: string,
  body: unknown,
  { method = 'POST', keepalive = false, timeout = 12_000, fits = (() => true) as Fits } = {},
): Promise<Outcome<T>> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      keepalive,
      credentials: 'same-origin',
      redirect: 'error',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': csrf() },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: keepalive ? undefined : AbortSignal.timeout(timeout),
    });
  } catch {
    return { kind: 'later', offline: true };
  }
  const { status } = response;
  if (status === 401 || status === 403) return { kind: 'signed_out' };
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    const after = retryAfter(response.headers, Date.now());
    return { kind: 'later', offline: false, ...(after !== null && { after }) };
  }
  let value: unknown = null;
  try {
    if (status !== 204) value = await response.json();
  } catch {
    // A captive portal answers 200 with a page of its own.
    return { kind: 'later', offline: true };
  }
  if (response.ok) {
    return fits(value) ? { kind: 'ok', value: value as T } : { kind: 'later', offline: true };
  }
  const problem = value as { detail?: string; title?: string } | null;
  return { kind: 'refused', status, detail: problem?.detail ?? problem?.title ?? '' };
}
