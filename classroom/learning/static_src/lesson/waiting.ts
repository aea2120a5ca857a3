// How long to leave the server alone after it did not take something. Pure.

/** However long it asks for: a mistake of a proxy must not silence a page for the evening. */
export const LONGEST_MS = 5 * 60_000;
const BACK_OFF_MS = [2_000, 4_000, 8_000, 15_000, 30_000];
/** By this share a wait is shorter or longer, so that not everybody comes back at once. */
const SPREAD = 0.25;
/** Who was told when to come back comes so much later at most, and never sooner. */
const LATER_MS = 5_000;

/** Milliseconds that an answer asks to wait for; null where it does not say, or nothing that could be meant. */
export function retryAfter(headers: Headers, now: number): number | null {
  const said = headers.get('Retry-After')?.trim() ?? '';
  if (/^\d+$/.test(said)) return Math.min(Number(said) * 1000, LONGEST_MS);
  // Only a date: what else there is, `Date.parse` might make something of.
  if (!/^[A-Za-z]{3,9}, .*GMT$/.test(said)) return null;
  const until = Date.parse(said);
  // By the server's own clock where it tells it, since the one here may be wrong by a day.
  const sent = Date.parse(headers.get('Date') ?? '');
  if (Number.isNaN(until)) return null;
  return Math.min(Math.max(until - (Number.isNaN(sent) ? now : sent), 0), LONGEST_MS);
}

/** What to wait after so many failures on end, `chance` being 0 to 1. */
export function backOff(failures: number, chance: number): number {
  const base = BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length - 1)]!;
  return base * (1 - SPREAD + 2 * SPREAD * chance);
}

/** What to wait where the server said how long. */
export function asTold(after: number, chance: number): number {
  return after + Math.min(after * SPREAD, LATER_MS) * chance;
}
