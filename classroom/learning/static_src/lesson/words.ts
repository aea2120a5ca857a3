// Words come from the page, in the reader's language; numbers are put into them here. Pure.

export type Words = Record<string, string>;

/** Put `values` into the `{name}` places of a message. */
export function fill(message: string, values: Record<string, string | number> = {}): string {
  return message.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

/** 12:38, or 1:02:03 from an hour on. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** The time of day, 14:32:08. */
export function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((value) => String(value).padStart(2, '0'))
    .join(':');
}

/** Whole seconds of a gap, cut off as `clock` does; what is less than a second is called one, since it has to be played. */
export function seconds(ms: number): number {
  return Math.max(1, Math.floor(ms / 1000));
}
