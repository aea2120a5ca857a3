import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Interval } from '../../../classroom/learning/static_src/lesson/api.ts';
import {
  furthest, gaps, missing, nextGap, previousGap, seekLimit, total, union,
} from '../../../classroom/learning/static_src/lesson/intervals.ts';

test('the union is sorted and disjoint, and touching ones are one', () => {
  assert.deepEqual(union([[0, 10], [20, 30]], [[10, 20], [25, 40]]), [[0, 40]]);
  assert.deepEqual(union([[5, 6]], [[1, 2], [3, 3]]), [[1, 2], [5, 6]]);
  assert.deepEqual(union([], []), []);
});

test('the union does not touch what it was given', () => {
  const given: Interval[] = [[0, 10]];
  union(given, [[5, 20]]);
  assert.deepEqual(given, [[0, 10]]);
});

test('gaps lie behind the furthest point; the rest is ahead', () => {
  const seen: Interval[] = [[2000, 4000], [6000, 9000]];
  const lacking = missing(seen, 20_000, 1500);
  assert.deepEqual(lacking, [[0, 2000], [4000, 6000], [9000, 20_000]]);
  assert.deepEqual(gaps(lacking, furthest(seen)), [[0, 2000], [4000, 6000]]);
  assert.deepEqual(missing([[0, 20_000]], 20_000, 1500), []);
  assert.deepEqual(missing([], 20_000, 1500), [[0, 20_000]]);
});

test('a hole that only rounding made is no gap to anyone, unless there are many', () => {
  assert.deepEqual(missing([[0, 1000], [1040, 9000]], 10_000, 1500), []);
  const many: Interval[] = [[0, 1000], [2200, 4000], [5200, 9000], [9900, 20_000]];
  assert.equal(missing(many, 20_000, 1500).length, 3);
});

test('the key walks round the gaps', () => {
  const holes: Interval[] = [[10_000, 12_000], [30_000, 31_000]];
  assert.deepEqual(nextGap(holes, 0), [10_000, 12_000]);
  assert.deepEqual(nextGap(holes, 10_000), [30_000, 31_000]);
  assert.deepEqual(nextGap(holes, 40_000), [10_000, 12_000]);
  assert.deepEqual(previousGap(holes, 30_500), [10_000, 12_000]);
  assert.deepEqual(previousGap(holes, 5000), [30_000, 31_000]);
  assert.equal(nextGap([], 0), null);
  assert.equal(previousGap([], 0), null);
});

test('a first view may not pass the furthest point unless the course allows it', () => {
  assert.equal(seekLimit(5000, 60_000, false), 5000);
  assert.equal(seekLimit(5000, 60_000, true), 60_000);
  assert.equal(seekLimit(70_000, 60_000, false), 60_000);
  assert.equal(total([[0, 5], [10, 20]]), 15);
});
