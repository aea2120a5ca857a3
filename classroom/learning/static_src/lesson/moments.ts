// When a lecture's questions are put, and which still wait. Pure.

/** A question at a moment of the lecture; nothing here tells which option is right. */
export interface Asked {
  key: string;
  at_ms: number;
  kind: 'single' | 'multiple' | 'true_false';
  stem: string;
  options: { key: string; text: string }[];
  /** Tries so far, right or wrong. */
  tries: number;
  is_answered: boolean;
}

/** What the server says of a try. */
export interface Graded {
  number: number;
  is_right: boolean;
  explanation: string;
  legal_basis: string;
  course_completed: boolean;
}

/** "That part" is so much before the moment, or what came since the question before. */
const PART_MS = 30_000;

/** The question that playing from `from` to `to` came to first; those in `quiet` were put off. */
export function due(list: readonly Asked[], from: number, to: number, quiet: ReadonlySet<string>): Asked | null {
  const met = list.filter((one) => !one.is_answered && !quiet.has(one.key) && from <= one.at_ms && one.at_ms < to);
  return met.sort((a, b) => a.at_ms - b.at_ms)[0] ?? null;
}

/** What was passed and is not answered rightly yet, in the order of the lecture. */
export function waiting(list: readonly Asked[], reach: number): Asked[] {
  return list.filter((one) => !one.is_answered && one.at_ms <= reach).sort((a, b) => a.at_ms - b.at_ms);
}

/** Where the part that a question asks about begins. */
export function partBefore(list: readonly Asked[], { at_ms }: Asked): number {
  const before = Math.max(0, ...list.map((one) => one.at_ms).filter((ms) => ms < at_ms));
  return Math.max(before, at_ms - PART_MS, 0);
}
