// Times as people write them and as captions keep them. Pure.

const PATTERN = /^(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:[.,](\d{1,3}))?$/;

/** Return the milliseconds of `1:02:03.5`, `62.5` or `00:01:02,500`; null for anything else. */
export function parseTime(text: string): number | null {
  const match = PATTERN.exec(text.trim().replace('：', ':').replace('。', '.'));
  if (!match) return null;
  const [, hours, minutes, seconds, fraction] = match;
  if (minutes !== undefined && Number(seconds) > 59) return null;
  if (hours !== undefined && Number(minutes) > 59) return null;
  const whole = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds);
  return whole * 1000 + Number((fraction ?? '').padEnd(3, '0'));
}

/** Return a time with all its places: 00:01:02.500. */
export function writeTime(ms: number): string {
  const all = Math.max(0, Math.round(ms));
  const pad = (value: number, places: number): string => String(value).padStart(places, '0');
  const seconds = Math.floor(all / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${pad(h, 2)}:${pad(m, 2)}:${pad(s, 2)}.${pad(all % 1000, 3)}`;
}

/** Return an offset like `-2.5` or `+1:30` in milliseconds; null for anything else and for none. */
export function parseOffset(text: string): number | null {
  const plain = text.trim().replace(/^[−–－]/, '-');
  const sign = plain.startsWith('-') ? -1 : 1;
  const ms = parseTime(plain.replace(/^[-+＋]\s*/, ''));
  return ms ? sign * ms : null;
}
