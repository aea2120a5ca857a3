// What the notes on the page say, in the words that the page was given. Pure.

import type { Outcome } from './api.ts';
import type { Status } from './reporter.ts';
import { clock, fill, timeOfDay, type Words } from './words.ts';

export interface Told {
  title: string;
  text: string;
}

/** Cut off, or the server has no time: since when, and how long playing may go on (ms). Null where nothing is cut off. */
export function cutOff(status: Status, left: number, words: Words): Told | null {
  const { state, since } = status;
  if ((state !== 'offline' && state !== 'busy' && state !== 'signed_out') || since === null) return null;
  const whole = Math.max(0, Math.floor(left / 1000));
  return {
    title: fill(words[`${state}_title`]!, { time: timeOfDay(new Date(since)) }),
    text: fill(words[`${state}_${status.lasts ? 'text' : 'unkept'}`]!, { minutes: Math.floor(whole / 60), seconds: whole % 60 }),
  };
}

/** A jump ahead that a first view may not make. */
export function held(limit: number, words: Words): Told {
  return { title: words.seek_title!, text: fill(words.seek_text!, { time: clock(limit) }) };
}

/** The viewing could not be opened; the server's own reason where it gave one. */
export function unopened(outcome: Exclude<Outcome<unknown>, { kind: 'ok' }>, words: Words): Told & { action: string } {
  const out = outcome.kind === 'signed_out';
  const isBusy = outcome.kind === 'later' && !outcome.offline;
  const reason = outcome.kind === 'refused' ? outcome.detail : '';
  const why = isBusy ? 'unopened_busy' : 'unopened_text';
  return {
    title: words.unopened_title!,
    text: reason || words[out ? 'unopened_signed_out' : why]!,
    action: words[out ? 'sign_in' : 'retry']!,
  };
}

/** Playing broke off; what cannot be played here is not tried again. */
export function brokenOff(kind: string, words: Words): Told & { action: string | undefined } {
  const action = kind === 'unsupported' ? undefined : words.retry!;
  return { title: words.failed_title!, text: words[`failed_${kind}`]!, action };
}

/** A part did not count, for the server's reason; playing it again makes it up. */
export function uncounted(reason: string, words: Words): Told & { action: string } {
  return { title: words.refused_title!, text: reason, action: words.refused_action! };
}

/** Another device or tab took the lesson over. */
export function taken(words: Words): Told & { action: string } {
  return { title: words.lease_title!, text: words.lease_text!, action: words.lease_action! };
}
