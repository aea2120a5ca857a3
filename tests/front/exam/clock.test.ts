import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asClock, crossed, ServerClock } from '../../../classroom/exams/static_src/exam/clock.ts';

test('a wrong wall clock changes nothing: only the monotonic one moves the time on', () => {
  const real = Date.now;
  try {
    const clock = new ServerClock(1_000_000, 0);
    for (const wrong of [0, 4e12, Number.NaN]) {
      Date.now = () => wrong;
      assert.equal(clock.now(60_000), 1_060_000);
    }
  } finally {
    Date.now = real;
  }
});

test('a slow answer shifts the clock by no more than half of its way', () => {
  for (const [there, back] of [[0, 400], [200, 200], [400, 0]] as const) {
    const clock = new ServerClock(0, 0);
    const atServer = 5_000_000;
    clock.sync(atServer, 10_000, 10_000 + there + back);
    const truth = atServer + back;
    assert.ok(Math.abs(clock.now(10_000 + there + back) - truth) <= (there + back) / 2);
  }
});

test('a later reading corrects an earlier one in both directions', () => {
  const clock = new ServerClock(100, 0);
  clock.sync(5000, 1000, 1000);
  assert.equal(clock.now(1000), 5000);
  clock.sync(4000, 2000, 2000);
  assert.equal(clock.now(2000), 4000);
});

const faces: [number, string][] = [
  [0, '00:00'], [0.001, '00:01'], [1, '00:01'], [59.999, '01:00'], [60, '01:00'], [3599, '59:59'],
  [3599.5, '1:00:00'], [3600, '1:00:00'], [36_000, '10:00:00'], [-0.4, '00:00'],
];
for (const [seconds, face] of faces) {
  test(`${seconds} s show as ${face}`, () => assert.equal(asClock(seconds), face));
}

test('each threshold is told exactly once while the time runs down, however the ticks fall', () => {
  for (const step of [0.25, 0.5, 1, 7, 29]) {
    const told: number[] = [];
    for (let left = 700; left > -step; left -= step) {
      const threshold = crossed(left + step, left);
      if (threshold) told.push(threshold);
    }
    assert.deepEqual(told, [600, 300, 60, 30], `step ${step}`);
  }
});

test('nothing is told where the time stands or goes back', () => {
  for (const left of [600, 300, 60, 30, 10]) {
    assert.equal(crossed(left, left), undefined);
    assert.equal(crossed(left, left + 5), undefined);
  }
});
