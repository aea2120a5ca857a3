// Searching the transcript: words in any order, without regard to case or width. Pure.

/** Bring text into the form in which it is compared: full-width becomes half-width, case is folded. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** Return the words of a query, folded. */
export function terms(query: string): string[] {
  return folded(query).split(/\s+/).filter(Boolean);
}

/** Whether a line holds every word. */
export function matches(line: string, wanted: readonly string[]): boolean {
  const text = folded(line);
  return wanted.every((term) => text.includes(term));
}

/** Part a line where its found words begin and end: every second piece is one of them. */
export function pieces(line: string, wanted: readonly string[]): string[] {
  if (wanted.length === 0) return [line];
  const escaped = wanted.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return line.split(new RegExp(`(${escaped.join('|')})`, 'iu'));
}
