// A stream that is refused is opened anew by itself, but not for ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Chances, MOST, WITHIN_MS } from '../../../classroom/learning/static_src/lesson/chances.ts';

test('what is refused again and again is told', () => {
  const chances = new Chances(() => 1_000);
  const taken = Array.from({ length: MOST + 2 }, () => chances.take());
  assert.deepEqual(taken, [true, true, false, false]);
});

test('a page that is open for days gets its chances back, each after its time', () => {
  let now = 0;
  const chances = new Chances(() => now);
  assert.ok(chances.take());
  now = 1_000;
  assert.ok(chances.take());
  now = WITHIN_MS - 1;
  assert.ok(!chances.take());
  now = WITHIN_MS;
  assert.deepEqual([chances.take(), chances.take()], [true, false]);
});
