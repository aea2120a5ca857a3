import assert from 'node:assert/strict';
import { test } from 'node:test';

import { due, partBefore, waiting, type Asked } from '../../../classroom/learning/static_src/lesson/moments.ts';

const NONE: ReadonlySet<string> = new Set();

function asked(key: string, at_ms: number, more: Partial<Asked> = {}): Asked {
  return { key, at_ms, kind: 'single', stem: key, options: [], tries: 0, is_answered: false, ...more };
}

for (const [from, to, met] of [
  [0, 9_999, null],
  [0, 10_000, null],
  [0, 10_001, 'a'],
  [10_000, 10_016, 'a'],
  [10_001, 19_000, null],
  [10_001, 60_000, 'b'],
  [0, 60_000, 'a'],
  [15_000, 5_000, null],
] as const) {
  test(`playing from ${from} to ${to} meets ${met ?? 'nothing'}`, () => {
    assert.equal(due([asked('b', 20_000), asked('a', 10_000)], from, to, NONE)?.key ?? null, met);
  });
}

test('a question at the very beginning is met by the first moment of playing', () => {
  assert.equal(due([asked('a', 0)], 0, 16, NONE)?.key, 'a');
});

test('what is answered or was put off does not come again', () => {
  const list = [asked('a', 1000, { is_answered: true }), asked('b', 2000), asked('c', 3000)];
  assert.equal(due(list, 0, 5000, new Set(['b']))?.key, 'c');
});

test('what waits was passed and is not answered rightly, in the order of the lecture', () => {
  const list = [asked('c', 3000), asked('d', 3001), asked('a', 1000, { tries: 2 }), asked('b', 2000, { is_answered: true })];
  assert.deepEqual(
    waiting(list, 3000).map((one) => one.key),
    ['a', 'c'],
  );
});

for (const [at, before, begin] of [
  [20_000, [], 0],
  [90_000, [], 60_000],
  [90_000, [20_000], 60_000],
  [90_000, [80_000], 80_000],
  [90_000, [80_000, 95_000], 80_000],
] as const) {
  test(`the part before ${at} with questions at [${before}] begins at ${begin}`, () => {
    const one = asked('x', at);
    assert.equal(partBefore([one, ...before.map((ms) => asked(String(ms), ms))], one), begin);
  });
}
