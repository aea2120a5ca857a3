import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { pictureBox, wander, Watermark } from '../../../classroom/learning/static_src/lesson/watermark.ts';
import { newPage } from './dom.ts';

/** Numbers that look random and are the same at each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

test('the mark wanders over the whole picture but for the captions\' fifth, never twice in one field', () => {
  for (const seed of [1, 7, 2026]) {
    const places = wander(seeded(seed));
    const seen = new Set<string>();
    let before = '';
    for (let turn = 0; turn < 300; turn += 1) {
      const { x, y } = places.next().value;
      assert.ok(x >= 0 && x < 1 && y >= 0 && y < 0.8, `${x} ${y}`);
      const field = `${Math.floor(x * 3)} ${Math.floor((y / 0.8) * 3)}`;
      assert.notEqual(field, before);
      seen.add((before = field));
    }
    assert.equal(seen.size, 9);
  }
});

for (const [name, width, height, ratio, box] of [
  ['a picture that fits', 1600, 900, 16 / 9, [0, 0, 1600, 900]],
  ['bars over and under', 1600, 1000, 16 / 9, [0, 50, 1600, 900]],
  ['bars beside', 2000, 900, 16 / 9, [200, 0, 1600, 900]],
  ['no picture yet', 1600, 900, NaN, [0, 0, 1600, 900]],
] as const) {
  test(`the mark keeps to the picture: ${name}`, () => {
    const found = pictureBox({ left: 0, top: 0, width, height }, ratio);
    assert.deepEqual([found.left, found.top, found.width, found.height].map(Math.round), [...box]);
  });
}

// In the page. Only as much of one as the mark asks for.

class FakeMark {
  className = '';
  textContent = '';
  parentElement: FakeStage | null = null;
  offsetWidth = 100;
  offsetHeight = 20;
  attributes = new Map<string, string>();
  set = new Map<string, string>();

  get style() {
    return Object.assign([...this.set.keys()], { setProperty: (name: string, value: string) => void this.set.set(name, value) });
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  getAttributeNames(): string[] {
    return ['class', ...this.attributes.keys()];
  }

  remove(): void {
    this.parentElement?.marks.splice(this.parentElement.marks.indexOf(this), 1);
    this.parentElement = null;
  }
}

class FakeStage {
  marks: FakeMark[] = [];

  append(mark: FakeMark): void {
    mark.remove();
    this.marks.push(mark);
    mark.parentElement = this;
  }
}

let changed = (): void => undefined;
let resized = (): void => undefined;

beforeEach(() => {
  newPage();
  mock.timers.enable({ apis: ['setInterval'] });
  Object.assign(document, { createElement: () => new FakeMark() });
  Object.assign(globalThis, {
    MutationObserver: class {
      constructor(told: () => void) { changed = told; }
      observe(): void {}
      disconnect(): void {}
    },
    ResizeObserver: class {
      constructor(told: () => void) { resized = told; }
      observe(): void {}
    },
  });
});
afterEach(() => mock.timers.reset());

function watermark() {
  const stage = new FakeStage();
  const video = Object.assign(new EventTarget(), {
    offsetLeft: 0, offsetTop: 0, offsetWidth: 1600, offsetHeight: 900, videoWidth: 1920, videoHeight: 1080,
  });
  new Watermark(stage as never, video as never, '张** 8000');
  return { stage, video, at: () => stage.marks[0]!.set.get('translate') };
}

test('the name stands over the picture, hidden from who listens, and moves every twenty seconds', () => {
  const { stage, at } = watermark();
  const [mark] = stage.marks;
  assert.deepEqual([mark!.textContent, mark!.attributes.get('aria-hidden')], ['张** 8000', 'true']);
  const before = at();
  mock.timers.tick(19_999);
  assert.equal(at(), before);
  mock.timers.tick(1);
  assert.notEqual(at(), before);
  assert.equal(stage.marks.length, 1);
});

for (const [name, tamper] of [
  ['taken away', (mark: FakeMark) => mark.remove()],
  ['written over', (mark: FakeMark) => (mark.textContent = '李**')],
  ['hidden', (mark: FakeMark) => mark.setAttribute('hidden', '')],
  ['given another class', (mark: FakeMark) => (mark.className = 'visually-hidden')],
  ['given a style', (mark: FakeMark) => mark.set.set('opacity', '0')],
] as const) {
  test(`a mark that was ${name} is put back`, () => {
    const { stage } = watermark();
    const first = stage.marks[0]!;
    tamper(first);
    changed();
    assert.equal(stage.marks.length, 1);
    const [mark] = stage.marks;
    assert.notEqual(mark, first);
    assert.deepEqual([mark!.textContent, mark!.className, mark!.getAttributeNames()], ['张** 8000', 'stage__watermark', ['class', 'aria-hidden']]);
    assert.deepEqual([...mark!.set.keys()], ['translate']);
  });
}

test('a mark that was only moved stays the one that it is', () => {
  const { stage } = watermark();
  const first = stage.marks[0];
  mock.timers.tick(20_000);
  changed();
  assert.equal(stage.marks[0], first);
});

test('in another size the mark keeps its place in the picture', () => {
  const { video, at } = watermark();
  const [x, y] = at()!.match(/\d+/g)!.map(Number) as [number, number];
  Object.assign(video, { offsetWidth: 800, offsetHeight: 450 });
  resized();
  const [nextX, nextY] = at()!.match(/\d+/g)!.map(Number) as [number, number];
  assert.ok(Math.abs(nextX / 700 - x / 1500) < 0.002 && Math.abs(nextY / 430 - y / 880) < 0.003, `${x} ${y} ${nextX} ${nextY}`);
});
