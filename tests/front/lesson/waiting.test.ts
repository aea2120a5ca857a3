import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asTold, backOff, LONGEST_MS, retryAfter } from '../../../classroom/learning/static_src/lesson/waiting.ts';

const NOW = Date.UTC(2026, 8, 18, 12, 0, 0);
const http = (ms: number) => new Date(ms).toUTCString();

for (const [said, ms] of [
  ['0', 0], ['7', 7_000], [' 60 ', 60_000], ['300', LONGEST_MS], ['301', LONGEST_MS], ['99999999999999999999', LONGEST_MS],
  [http(NOW + 45_000), 45_000], [http(NOW - 45_000), 0], [http(NOW + 86_400_000), LONGEST_MS],
  ['Friday, 18-Sep-26 12:00:30 GMT', 30_000],
  ['', null], ['soon', null], ['-5', null], ['1.5', null], ['1e3', null], ['2027', 300_000], ['2026-09-18', null],
  ['Someday, when it is GMT', null],
] as const) {
  test(`Retry-After "${said}" is ${ms === null ? 'none' : `${ms} ms`}`, () => {
    assert.equal(retryAfter(new Headers({ 'Retry-After': said }), NOW), ms);
  });
}

test('without the header nothing is said', () => {
  assert.equal(retryAfter(new Headers(), NOW), null);
});

test('a date counts by the clock of the server, not by one here that is wrong by a day', () => {
  const headers = new Headers({ 'Retry-After': http(NOW + 20_000), Date: http(NOW) });
  for (const skew of [-86_400_000, 0, 86_400_000]) assert.equal(retryAfter(headers, NOW + skew), 20_000);
});

test('each failure waits longer up to a bound, and no two pages alike', () => {
  const means = [0, 1, 2, 3, 4, 5, 99].map((failures) => backOff(failures, 0.5));
  assert.deepEqual(means, [2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 30_000]);
  assert.deepEqual([backOff(4, 0), backOff(4, 1)], [22_500, 37_500]);
});

test('who was told when to come back never comes sooner, and not all at the same moment', () => {
  assert.deepEqual([asTold(60_000, 0), asTold(60_000, 1), asTold(4_000, 1), asTold(0, 1)], [60_000, 65_000, 5_000, 0]);
});
