import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Interval } from '../../../classroom/learning/static_src/lesson/api.ts';
import {
  furthest, gaps, isMissing, nextGap, previousGap, seekLimit, total, union,
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

test('gaps lie behind the furthest point only', () => {
  const seen: Interval[] = [[1000, 2000], [3000, 9000]];
  assert.deepEqual(gaps(seen, furthest(seen)), [[0, 1000], [2000, 3000]]);
  assert.deepEqual(gaps([[0, 5000]], 5000), []);
  assert.deepEqual(gaps([], 0), []);
});

test('a hole that only rounding made is no gap to anyone', () => {
  assert.deepEqual(gaps([[0, 1000], [1040, 2000]], 2000, 100), []);
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

test('a line is missing unless all of it is covered', () => {
  const seen: Interval[] = [[0, 5000]];
  assert.equal(isMissing(seen, 1000, 5000), false);
  assert.equal(isMissing(seen, 4000, 5001), true);
});

test('a first view may not pass the furthest point unless the course allows it', () => {
  assert.equal(seekLimit(5000, 60_000, false), 5000);
  assert.equal(seekLimit(5000, 60_000, true), 60_000);
  assert.equal(seekLimit(70_000, 60_000, false), 60_000);
  assert.equal(total([[0, 5], [10, 20]]), 15);
});
