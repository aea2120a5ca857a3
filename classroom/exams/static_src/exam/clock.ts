/** The server's clock, carried on by the monotonic one: changing the wall clock changes nothing. */
export class ServerClock {
  private serverMs: number;
  private atMs: number;

  constructor(serverMs: number, atMs: number) {
    this.serverMs = serverMs;
    this.atMs = atMs;
  }

  /** Take a newer reading; `sentMs` and `gotMs` are monotonic moments around the request. */
  sync(serverMs: number, sentMs: number, gotMs: number): void {
    this.serverMs = serverMs;
    this.atMs = (sentMs + gotMs) / 2;
  }

  now(monotonicMs: number): number {
    return this.serverMs + (monotonicMs - this.atMs);
  }
}

/** Seconds as `37:21`, from an hour on as `1:07:05`; never below zero. */
export function asClock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
}

const THRESHOLDS_S = [600, 300, 60, 30];

/** The threshold that was crossed between two moments, in seconds left; undefined for none. */
export function crossed(beforeS: number, afterS: number): number | undefined {
  return THRESHOLDS_S.find((threshold) => beforeS > threshold && afterS <= threshold);
}
