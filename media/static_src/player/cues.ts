// Finding the line that is spoken. Pure.

export interface Cue {
  start: number;
  end: number;
  text: string;
}

/** Return the index of the last cue that began at or before `ms`, or -1. Cues are in order of start. */
export function lineAt(cues: readonly Cue[], ms: number): number {
  let low = 0;
  let high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cues[middle]!.start <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** As many cues fit on a picture; of more that cover one moment the last that began are read. */
const MOST_LINES = 4;

/** Return what is to be read on the picture at `ms`: the cues that cover it, one a line, however long ago
 * they began. */
export function textAt(cues: readonly Cue[], ms: number): string {
  const lines: string[] = [];
  for (let index = lineAt(cues, ms); index >= 0 && lines.length < MOST_LINES; index -= 1) {
    const cue = cues[index]!;
    if (cue.end > ms) lines.unshift(cue.text);
  }
  return lines.join('\n');
}

/** Take WebVTT's marks (voices, classes, timestamps) and entities out of a cue's text. */
export function plain(text: string): string {
  return text
    .replace(/<[^>]*>/g, '')
    .replace(/&nbsp;/g, '\u00a0')
    .replace(/&(lrm|rlm);/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .trim();
}

/** Parse WebVTT into cues; what is no cue (header, notes, styles, regions) is passed over. */
export function parseVtt(vtt: string): Cue[] {
  const cues: Cue[] = [];
  for (const block of vtt.replace(/\r\n?/g, '\n').split(/\n{2,}/)) {
    const lines = block.split('\n');
    const at = lines.findIndex((line) => line.includes('-->'));
    if (at < 0 || at > 1) continue;
    const [from, to] = lines[at]!.split('-->');
    const start = stamp(from);
    const end = stamp(to);
    const text = plain(lines.slice(at + 1).join('\n'));
    if (start !== null && end !== null && end > start && text) cues.push({ start, end, text });
  }
  return cues.sort((a, b) => a.start - b.start);
}

function stamp(text: string | undefined): number | null {
  const match = /^\s*(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})/.exec(text ?? '');
  if (!match) return null;
  const [, h, m, s, ms] = match;
  return ((Number(h ?? 0) * 60 + Number(m)) * 60 + Number(s)) * 1000 + Number(ms);
}
