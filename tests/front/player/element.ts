// A page and a video element as far as the player looks at them: events, a position, a clock, a buffer.

type Ranges = [number, number][];

export class FakeVideo extends EventTarget {
  paused = true;
  seeking = false;
  ended = false;
  readyState = 4;
  currentTime = 0;
  playbackRate = 1;
  error: { code: number; message: string } | null = null;
  src = '';
  loads = 0;
  pauses = 0;
  plays = 'maybe';
  ranges: Ranges = [];

  get buffered(): { length: number; start: (n: number) => number; end: (n: number) => number } {
    return { length: this.ranges.length, start: (n) => this.ranges[n]![0], end: (n) => this.ranges[n]![1] };
  }

  say(...names: string[]): void {
    for (const name of names) this.dispatchEvent(new Event(name));
  }

  pause(): void {
    this.pauses += 1;
    this.paused = true;
    this.say('pause');
  }

  load(): void {
    this.loads += 1;
  }

  canPlayType(): string {
    return this.plays;
  }

  removeAttribute(): void {
    this.src = '';
  }
}

export class FakePage extends EventTarget {
  visibilityState = 'visible';
  pictureInPictureElement: unknown = null;

  get hidden(): boolean {
    return this.visibilityState === 'hidden';
  }

  turn(state: 'visible' | 'hidden'): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** Put a page and what is known of media elements into the place of the browser's; return the page. */
export function page(): FakePage {
  const made = new FakePage();
  Object.assign(globalThis, {
    document: made,
    window: globalThis,
    HTMLMediaElement: { HAVE_NOTHING: 0, HAVE_CURRENT_DATA: 2 },
  });
  return made;
}
