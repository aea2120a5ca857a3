// Searching the lecture: words in any order, without regard to case or width. Pure but for the marks.

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

/** Return a line's pieces for the page, its found words in `<mark>`. */
export function marked(line: string, wanted: readonly string[]): (string | HTMLElement)[] {
  return pieces(line, wanted).map((piece, at) => {
    if (at % 2 === 0) return piece;
    const found = document.createElement('mark');
    found.textContent = piece;
    return found;
  });
}

/** Cut a text down to about `length` characters round the first word found in it. Pure. */
export function excerpt(text: string, wanted: readonly string[], length = 60): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= length) return line;
  const first = Math.min(...wanted.map((term) => Math.max(folded(line).indexOf(term), 0)));
  const from = Math.min(Math.max(first - Math.floor(length / 3), 0), line.length - length);
  const cut = line.slice(from, from + length);
  return `${from > 0 ? '…' : ''}${cut}${from + length < line.length ? '…' : ''}`;
}
