// The uploader's rules: what is refused, how sizes and times are said, when it tries again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill, left, Pace, refusal, retryDelays, size, worthRetrying } from '../../../media/static_src/uploader/rules.ts';
import { pause } from '../../../media/static_src/lectures/live.ts';

const limits = { most: 1000, extensions: ['mp4', 'mkv'] };
const words = { leftUnknown: '?', leftSeconds: 's', leftMinutes: '{count} m', leftHours: '{count} h' };

test('a file is refused for the reason that helps most', () => {
  const cases: [string, number, string, string | null][] = [
    ['a.mp4', 10, 'video/mp4', null],
    ['a.MKV', 10, '', null],
    ['no ending', 10, '', null],
    ['no ending', 10, 'video/x-unknown', null],
    ['.mp4', 10, '', null],
    ['a.pdf', 10, 'application/pdf', 'wrongKind'],
    ['a.mp4.exe', 10, '', 'wrongKind'],
    ['no ending', 10, 'application/pdf', 'wrongKind'],
    ['a.mp4', 0, 'video/mp4', 'empty'],
    ['a.pdf', 0, '', 'wrongKind'],
    ['a.mp4', 1001, 'video/mp4', 'tooLarge'],
  ];
  for (const [name, bytes, type, expected] of cases) {
    assert.equal(refusal({ name, size: bytes, type }, limits), expected, name);
  }
});

test('sizes are said as people say them', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 150 * 1024 ** 2, 1.24 * 1024 ** 3].map(size), [
    '0 B', '1023 B', '1.0 KB', '1.5 KB', '150 MB', '1.2 GB',
  ]);
});

test('sentences are filled and unknown names stay', () => {
  assert.equal(fill('{a} of {b} {c}', { a: 1, b: 'two' }), '1 of two {c}');
});

test('a pace means nothing before two seconds and forgets what is old', () => {
  const pace = new Pace(10_000);
  assert.equal(pace.rate, null);
  pace.note(0, 0);
  pace.note(1_000, 5_000);
  assert.equal(pace.rate, null);
  pace.note(2_000, 10_000);
  assert.equal(pace.rate, 5_000);
  assert.equal(pace.secondsFor(50_000), 10);
  for (let at = 3_000; at <= 40_000; at += 1_000) pace.note(at, 10_000 + (at - 2_000));
  assert.ok(Math.abs((pace.rate ?? 0) - 1_000) < 1);
  pace.rest();
  assert.equal(pace.secondsFor(1), null);
});

test('a stalled transfer has no estimate', () => {
  const pace = new Pace();
  pace.note(0, 100);
  pace.note(5_000, 100);
  assert.equal(pace.secondsFor(100), null);
});

test('an estimate is no more exact than it is known', () => {
  assert.deepEqual([null, 5, 59, 60, 90, 3_600, 5_400, 9_000].map((seconds) => left(seconds, words)), [
    '?', 's', 's', '1 m', '2 m', '60 m', '2 h', '3 h',
  ]);
});

test('a lost connection is tried again for about a day', () => {
  const delays = retryDelays();
  assert.equal(delays[0], 0);
  const hours = delays.reduce((sum, delay) => sum + delay, 0) / 3_600_000;
  assert.ok(hours > 23 && hours < 26);
});

test('refusals are not tried again, absences are', () => {
  assert.deepEqual([0, 409, 423, 429, 500, 502, 503].map(worthRetrying), Array(7).fill(true));
  assert.deepEqual([400, 401, 403, 404, 410, 413, 415, 460, 507].map(worthRetrying), Array(9).fill(false));
});

test('the page asks quickly while something moves, slowly otherwise, and backs off', () => {
  assert.deepEqual([pause(true, 0), pause(false, 0)], [2_000, 20_000]);
  assert.deepEqual([1, 2, 3, 10].map((failures) => pause(true, failures)), [4_000, 8_000, 16_000, 60_000]);
});
