import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { GRANT_MS, SessionClock } from '../../../classroom/learning/static_src/lesson/session-clock.ts';
import { SpanRecorder, type Span } from '../../../media/static_src/player/spans.ts';

let steady = 0;
let clock: SessionClock;

beforeEach(() => {
  steady = 5_000;
  clock = new SessionClock(() => steady);
});

test('it counts from the opening, whatever the browser had counted before', () => {
  steady += 1_234;
  assert.equal(clock.ms, 1_234);
  clock.restart();
  assert.equal(clock.ms, 0);
  steady += 10;
  assert.equal(clock.ms, 10);
});

test('a clock that stood still in sleep is set forward by the answer', () => {
  steady += 60_000;
  assert.equal(clock.hear(7_260_000), true);
  assert.equal(clock.ms, 7_260_000);
  steady += 1_000;
  assert.equal(clock.ms, 7_261_000);
});

test('it is never set back, and the way of an answer is not taken for sleep', () => {
  steady += 60_000;
  for (const told of [0, 59_000, 60_000, 62_000, -5, NaN, Infinity, undefined as unknown as number]) {
    assert.equal(clock.hear(told), false, String(told));
    assert.equal(clock.ms, 60_000);
  }
  assert.equal(clock.hear(62_001), true);
});

test('answers in any order leave it where the latest put it', () => {
  steady += 1_000;
  for (const told of [100_000, 50_000, 100_500, 20_000]) clock.hear(told);
  assert.equal(clock.ms, 100_000);
});

test('a clock that runs fast is drawn back to the server without ever showing a time twice', () => {
  let told = 0;
  let last = -1;
  let worst = 0;
  for (let second = 1; second <= 7_200; second += 1) {
    steady += 1_005;
    assert.ok(clock.ms > last && clock.ms - last >= 990, `second ${second}: ${last} to ${clock.ms}`);
    last = clock.ms;
    told += 1_000;
    if (second % 15 === 0) clock.hear(told, clock.ms);
    worst = Math.max(worst, clock.ms - told);
    assert.ok(clock.ms >= told, 'never behind');
  }
  assert.ok(worst < 200, `${worst} ms ahead`);
});

test('the way of a report is not taken for a clock that runs fast, and a later word stands', () => {
  steady += 60_000;
  clock.hear(59_500, 59_000);
  steady += 100_000;
  assert.equal(clock.ms, 160_000);
  clock.hear(100_000, 160_000);
  steady += 10_000;
  assert.equal(clock.ms, 169_900);
  clock.hear(170_000, 169_900);
  steady += 10_000;
  assert.equal(clock.ms, 179_900);
});

test('no more is taken back than it was ahead, and a new viewing owes nothing', () => {
  steady += 60_000;
  clock.hear(59_000, 60_000);
  steady += 1_000_000;
  assert.equal(clock.ms, 1_059_000);
  clock.hear(1_000_000, 1_059_000);
  clock.restart();
  steady += 10_000;
  assert.equal(clock.ms, 10_000);
});

test('a clock set forward after sleep owes nothing either', () => {
  steady += 60_000;
  clock.hear(50_000, 60_000);
  clock.hear(7_260_000, 60_000);
  steady += 10_000;
  assert.equal(clock.ms, 7_270_000);
});

test('a viewing ends ten minutes before the server lets it end', () => {
  steady += GRANT_MS - 600_001;
  assert.equal(clock.isEnding, false);
  steady += 1;
  assert.equal(clock.isEnding, true);
  clock.restart();
  assert.equal(clock.isEnding, false);
});

test('a night of sleep that the browser did not count ends the viewing, too', () => {
  steady += 3_600_000;
  clock.hear(GRANT_MS + 1);
  assert.equal(clock.isEnding, true);
});

test('a timer of a second that comes late has slept; the first call and small delays have not', () => {
  let wall = 1_700_000_000_000;
  assert.equal(clock.slept(wall), false);
  assert.equal(clock.slept((wall += 1_000)), false);
  assert.equal(clock.slept((wall += 19_999)), false);
  assert.equal(clock.slept((wall += 20_000)), true);
  assert.equal(clock.slept((wall += 1_000)), false);
});

test('a wall clock set back is no sleep', () => {
  assert.equal(clock.slept(1_700_000_000_000), false);
  assert.equal(clock.slept(1_700_000_000_000 - 86_400_000), false);
});

test('a span under way is cut where the clock is set forward, and nothing is told for the sleep', () => {
  const spans: Span[] = [];
  const recorder = new SpanRecorder(3_600_000, (span) => spans.push(span));
  let media = 0;
  const play = (ms: number) => {
    for (let at = 0; at < ms; at += 250) {
      [media, steady] = [media + 250, steady + 250];
      recorder.sample({ media, clock: clock.ms, rate: 1 });
    }
  };
  recorder.start({ media, clock: clock.ms, rate: 1 });
  play(10_000);
  clock.hear(3_610_000);
  play(5_000);
  recorder.stop({ media, clock: clock.ms, rate: 1 });
  assert.equal(spans.length, 2);
  const [before, after] = spans as [Span, Span];
  assert.equal(before.s, 0);
  assert.ok(before.t1 <= 10_500, `the first is told for its own time: ${before.t1}`);
  assert.ok(after.t0 >= 3_610_000, `the second for the time after the sleep: ${after.t0}`);
  const shown = spans.reduce((sum, { s, e }) => sum + e - s, 0);
  assert.ok(media - shown <= 500, `lost ${media - shown} ms`);
  for (const { s, e, t0, t1 } of spans) assert.ok(e - s <= t1 - t0 + 1, 'no faster than its time');
});

test('a day of skew of the wall clock is never told: only steady time is read', () => {
  const real = Date.now;
  try {
    Date.now = () => real() + 86_400_000;
    steady += 500;
    assert.equal(clock.ms, 500);
  } finally {
    Date.now = real;
  }
});
