import assert from 'node:assert/strict';
import { test } from 'node:test';

import { joined, SpanRecorder, type Span } from '../../../media/static_src/player/spans.ts';

const HOUR = 3_600_000;

function recording(duration = HOUR): { recorder: SpanRecorder; spans: Span[] } {
  const spans: Span[] = [];
  return { recorder: new SpanRecorder(duration, (span) => spans.push(span)), spans };
}

const at = (media: number, clock: number, rate = 1) => ({ media, clock, rate });

test('plain playing is one span, to the millisecond', () => {
  const { recorder, spans } = recording();
  recorder.start(at(1000, 500));
  recorder.sample(at(1250, 750));
  recorder.sample(at(1500, 1000));
  recorder.stop(at(1733.4, 1233.4));
  assert.deepEqual(spans, [{ s: 1000, e: 1733, t0: 500, t1: 1233, rate: 1 }]);
});

test('a jump told by the element ends the span at what was last seen', () => {
  const { recorder, spans } = recording();
  recorder.start(at(0, 0));
  recorder.sample(at(2000, 2000));
  recorder.jump();
  recorder.rest(60_000, 2100);
  recorder.start(at(60_010, 2110));
  recorder.stop(at(61_000, 3100));
  assert.deepEqual(spans, [
    { s: 0, e: 2000, t0: 0, t1: 2000, rate: 1 },
    { s: 60_000, e: 61_000, t0: 2100, t1: 3100, rate: 1 },
  ]);
});

test('a jump that the element did not tell is never covered', () => {
  const { recorder, spans } = recording();
  recorder.start(at(0, 0));
  recorder.sample(at(1000, 1000));
  recorder.sample(at(50_000, 1250));
  recorder.stop(at(51_000, 2250));
  assert.deepEqual(spans.map(({ s, e }) => [s, e]), [[0, 1000], [50_000, 51_000]]);
});

test('a jump back is never one span with what came before', () => {
  const { recorder, spans } = recording();
  recorder.start(at(10_000, 0));
  recorder.sample(at(11_000, 1000));
  recorder.sample(at(5000, 1250));
  recorder.stop(at(6000, 2250));
  assert.deepEqual(spans.map(({ s, e }) => [s, e]), [[10_000, 11_000], [5000, 6000]]);
});

test('time that passed without media is in no span: a stall, a closed lid', () => {
  const { recorder, spans } = recording();
  recorder.start(at(1000, 0));
  recorder.sample(at(2000, 1000));
  recorder.sample(at(2500, 3_601_000));
  recorder.stop(at(3500, 3_602_000));
  assert.deepEqual(spans, [
    { s: 1000, e: 2500, t0: 0, t1: 1500, rate: 1 },
    { s: 2500, e: 3500, t0: 3_601_000, t1: 3_602_000, rate: 1 },
  ]);
});

test('a pause leaves no hole: playing goes on from where it stood', () => {
  const { recorder, spans } = recording();
  recorder.start(at(0, 0));
  recorder.stop(at(1000, 1000));
  recorder.rest(1000, 1000);
  recorder.intend(9000);
  recorder.start(at(1040, 9060));
  recorder.stop(at(2040, 10_060));
  assert.deepEqual(spans.map(({ s, e }) => [s, e]), [[0, 1000], [1000, 2040]]);
  assert.ok(spans[1]!.t0 >= 9000, 'nothing is claimed for the pause');
});

test('a rate change parts the spans and each says its own', () => {
  const { recorder, spans } = recording();
  recorder.start(at(1000, 0, 1));
  recorder.stop(at(2000, 1000, 1));
  recorder.start(at(2000, 1000, 1.5));
  recorder.sample(at(2375, 1250, 1.5));
  recorder.stop(at(3500, 2000, 1.5));
  assert.deepEqual(spans.map(({ e, s, rate }) => [s, e, rate]), [[1000, 2000, 1], [2000, 3500, 1.5]]);
});

test('rolling closes without a hole', () => {
  const { recorder, spans } = recording();
  recorder.start(at(1000, 0));
  recorder.roll(at(6000, 5000));
  recorder.roll(at(11_000, 10_000));
  recorder.stop(at(12_000, 11_000));
  assert.deepEqual(joined(spans), [{ s: 1000, e: 12_000, t0: 0, t1: 11_000, rate: 1 }]);
});

test('the first frame is the beginning and the last frame the end, whatever a container rounds', () => {
  const { recorder, spans } = recording(10_000);
  recorder.start(at(80, 0));
  for (let ms = 1000; ms < 9900; ms += 1000) recorder.sample(at(ms + 80, ms));
  recorder.end(at(9980, 9900));
  assert.deepEqual(spans, [{ s: 0, e: 10_000, t0: 0, t1: 9900, rate: 1 }]);
});

test('nothing beyond the end, nothing empty', () => {
  const { recorder, spans } = recording(5000);
  recorder.start(at(4000, 0));
  recorder.stop(at(5400, 1400));
  recorder.start(at(3000, 2000));
  recorder.stop(at(3000, 2000));
  assert.deepEqual(spans, [{ s: 4000, e: 5000, t0: 0, t1: 1400, rate: 1 }]);
});

test('no history of readings claims more media than rate times clock, but for the edges', () => {
  let state = 42;
  const random = (): number => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 500; round += 1) {
    const { recorder, spans } = recording();
    let media = random() * HOUR;
    let clock = 0;
    const rate = [0.5, 1, 1.5, 2][Math.floor(random() * 4)]!;
    recorder.start(at(media, clock, rate));
    for (let step = 0; step < 60; step += 1) {
      const passed = random() * 400;
      clock += passed;
      const act = random();
      media += act < 0.8 ? passed * rate : act < 0.9 ? 0 : (random() - 0.5) * 100_000;
      media = Math.max(0, media);
      if (random() < 0.1) recorder.roll(at(media, clock, rate));
      else recorder.sample(at(media, clock, rate));
    }
    recorder.stop(at(media, clock, rate));
    for (const span of spans) {
      assert.ok(span.e - span.s <= (span.t1 - span.t0) * rate + 60 * 400, JSON.stringify(span));
    }
    for (let index = 1; index < spans.length; index += 1) {
      assert.ok(spans[index]!.t0 >= spans[index - 1]!.t1 - 1, 'one life');
    }
  }
});
