// From the events of a media element to spans of what was shown. The element is played by hand.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { joined, Lecture, SOUND_ONLY, type Failure, type Quality, type Span } from '../../../media/static_src/player/lecture.ts';
import { FakeVideo, page, type FakePage } from './element.ts';

const HOUR = 3_600_000;
let document: FakePage;
let video: FakeVideo;
let clock: number;
let spans: Span[];
let lecture: Lecture;

function open(options: { duration?: number; hiddenPauses?: boolean } = {}): void {
  video = new FakeVideo();
  spans = [];
  video.addEventListener('lecture:span', (event) => spans.push((event as CustomEvent<Span>).detail));
  lecture = new Lecture(video as unknown as HTMLVideoElement, {
    duration: options.duration ?? HOUR,
    clock: () => clock,
    hiddenPauses: options.hiddenPauses ?? true,
  });
}

/** Let the element play for `ms` of the clock, saying where it is four times a second, as elements do. */
function play(ms: number): void {
  if (video.paused) {
    video.paused = false;
    video.say('play', 'playing');
  }
  for (let left = ms; left > 0; left -= 250) {
    const step = Math.min(250, left);
    clock += step;
    video.currentTime += (step / 1000) * video.playbackRate;
    video.say('timeupdate');
  }
}

function seekTo(seconds: number, took = 80): void {
  lecture.seek(seconds * 1000);
  video.seeking = true;
  video.say('seeking');
  clock += took;
  video.seeking = false;
  video.say('seeked');
  if (!video.paused) video.say('playing');
}

const media = (): [number, number][] => joined(spans).map(({ s, e }) => [s, e]);
const claimed = (): number => spans.reduce((sum, { s, e }) => sum + e - s, 0);

beforeEach(() => {
  document = page();
  clock = 1000;
  open();
});
afterEach(() => lecture.destroy());

test('playing and pausing is one span of just that', () => {
  play(10_000);
  video.pause();
  assert.deepEqual(media(), [[0, 10_000]]);
  assert.deepEqual([spans[0]?.t0, spans[0]?.t1], [1000, 11_000]);
});

test('a position set before playing is no second watched', () => {
  video.currentTime = 3000;
  video.say('seeking', 'seeked', 'timeupdate');
  clock += 60_000;
  lecture.cut();
  assert.deepEqual(spans, []);
});

test('a jump forward while playing shows nothing of what lies between', () => {
  play(5000);
  seekTo(600);
  play(5000);
  video.pause();
  assert.deepEqual(media(), [[0, 5000], [600_000, 605_000]]);
});

test('what was shown since the last look before a jump still counts, to the frame', () => {
  play(5000);
  clock += 120;
  video.currentTime += 0.12;
  lecture.seek(600_000);
  assert.deepEqual(media(), [[0, 5120]]);
});

test('a small step that the element makes at a key is not shown either', () => {
  play(5000);
  video.currentTime += 0.3;
  video.say('seeking');
  clock += 20;
  video.say('seeked');
  play(1000);
  video.pause();
  assert.deepEqual(media(), [[0, 5000], [5300, 6300]]);
});

test('a jump by the element itself, told by nothing but its position, shows nothing either', () => {
  play(5000);
  video.currentTime = 900;
  clock += 250;
  video.say('timeupdate');
  play(1000);
  video.pause();
  assert.deepEqual(media(), [[0, 5000], [900_000, 901_000]]);
});

test('jumping back and watching again is said twice, so that the server may judge', () => {
  play(4000);
  seekTo(1);
  play(2000);
  video.pause();
  assert.deepEqual(media(), [[0, 4000], [1000, 3000]]);
});

test('waiting for data is not watching, and playing goes on where it stood', () => {
  play(4000);
  video.readyState = 2;
  video.say('waiting');
  clock += 30_000;
  video.readyState = 4;
  video.say('playing');
  play(2000);
  video.pause();
  assert.deepEqual(joined(spans).map(({ s, e, t0, t1 }) => [s, e, t1 - t0]), [[0, 4000, 4000], [4000, 6000, 2000]]);
});

test('waiting and going on are told once each', () => {
  const told: boolean[] = [];
  video.addEventListener('lecture:stalled', (event) => told.push((event as CustomEvent<boolean>).detail));
  play(1000);
  video.say('waiting');
  video.say('playing');
  assert.deepEqual(told, [false, true, false]);
});

test('each rate is a span of its own and claims no more media than its clock allows', () => {
  play(4000);
  video.playbackRate = 2;
  video.say('ratechange');
  play(4000);
  video.playbackRate = 0.5;
  video.say('ratechange');
  play(4000);
  video.pause();
  assert.deepEqual(spans.map(({ rate, s, e }) => [rate, s, e]), [[1, 0, 4000], [2, 4000, 12_000], [0.5, 12_000, 14_000]]);
  for (const { s, e, t0, t1, rate } of spans) assert.ok(e - s <= (t1 - t0) * rate + 2);
});

test('a rate changed while pausing opens nothing', () => {
  play(2000);
  video.pause();
  video.playbackRate = 1.5;
  video.say('ratechange');
  clock += 9000;
  lecture.cut();
  assert.equal(spans.length, 1);
});

test('a page that is hidden pauses, by policy, and what was shown until then counts', () => {
  play(3000);
  document.turn('hidden');
  assert.equal(video.pauses, 1);
  clock += 60_000;
  document.turn('visible');
  lecture.cut();
  assert.deepEqual(media(), [[0, 3000]]);
});

test('a picture in picture is not hidden, another page\'s is', () => {
  play(1000);
  document.pictureInPictureElement = video;
  document.turn('hidden');
  assert.equal(video.pauses, 0);
  document.pictureInPictureElement = new FakeVideo();
  document.turn('hidden');
  assert.equal(video.pauses, 1);
});

test('where the policy lets it, a hidden page plays on', () => {
  lecture.destroy();
  open({ hiddenPauses: false });
  play(1000);
  document.turn('hidden');
  play(2000);
  video.pause();
  assert.equal(video.pauses, 1);
  assert.deepEqual(media(), [[0, 3000]]);
});

test('the end of the element is the end of the lecture', () => {
  lecture.destroy();
  open({ duration: 10_000 });
  play(9900);
  video.ended = true;
  video.paused = true;
  video.say('pause', 'ended');
  assert.deepEqual(media(), [[0, 10_000]]);
  assert.equal(claimed(), 10_000);
});

test('an element that ends without a pause ends all the same', () => {
  lecture.destroy();
  open({ duration: 5000 });
  play(4950);
  video.ended = true;
  video.say('ended');
  assert.deepEqual(media(), [[0, 5000]]);
});

test('rolling while playing leaves no hole, and while pausing makes nothing', () => {
  play(3000);
  lecture.roll();
  play(3000);
  video.pause();
  lecture.roll();
  clock += 5000;
  lecture.roll();
  assert.deepEqual(spans.map(({ s, e }) => [s, e]), [[0, 3000], [3000, 6000]]);
});

test('leaving closes what is open, once', () => {
  play(2500);
  lecture.cut();
  lecture.cut();
  lecture.destroy();
  assert.deepEqual(media(), [[0, 2500]]);
});

test('a player that was given up hears nothing any more', () => {
  play(1000);
  lecture.destroy();
  play(5000);
  document.turn('hidden');
  assert.equal(claimed(), 1000);
  assert.equal(video.pauses, 0);
});

test('what was shown until another stream is chosen counts to the moment of the choice', () => {
  for (const change of [() => lecture.choose(SOUND_ONLY), () => lecture.hear(1)]) {
    play(2250);
    // Between two looks, as hands are: what runs since the last one is shown as well.
    clock += 200;
    video.currentTime += 0.2;
    const now = Math.round(video.currentTime * 1000);
    change();
    video.say('emptied');
    assert.deepEqual(media().at(-1)?.[1], now);
    video.paused = true;
    spans.length = 0;
  }
});

test('a source that is emptied takes nothing with it', () => {
  play(2000);
  video.say('emptied');
  video.currentTime = 0;
  play(1000);
  video.pause();
  assert.deepEqual(media().slice(0, 1), [[0, 2000]]);
});

test('a laptop that slept while playing earns nothing for the night', () => {
  play(2000);
  clock += 8 * HOUR;
  video.currentTime += 0.25;
  video.say('timeupdate');
  play(1000);
  video.pause();
  assert.ok(claimed() <= 3300, `${claimed()} ms`);
});

test('seeking stays inside the lecture', () => {
  lecture.seek(-5000);
  assert.equal(video.currentTime, 0);
  lecture.seek(HOUR + 5000);
  assert.equal(video.currentTime, HOUR / 1000);
});

test('what is in the buffer ahead is told from what lies elsewhere', () => {
  video.currentTime = 50;
  video.ranges = [[0, 10], [49.9, 80], [200, 900]];
  assert.equal(lecture.buffered, 30_000);
  video.currentTime = 80;
  assert.equal(lecture.buffered, 0);
  video.currentTime = 9.9;
  assert.equal(lecture.buffered, 100);
  video.ranges = [[10.2, 20]];
  video.currentTime = 10;
  assert.equal(lecture.buffered, 10_000);
});

test('a position means nothing before the element knows its media', () => {
  video.readyState = 0;
  assert.equal(lecture.isLoaded, false);
  video.readyState = 1;
  assert.equal(lecture.isLoaded, true);
  video.currentTime = 12.3456;
  assert.equal(lecture.position, 12_346);
});

test('a lecture is loaded at its place by the browser itself where the library cannot work', async () => {
  await lecture.load('/stream/x/master.m3u8', 42_000);
  assert.equal(video.src, '/stream/x/master.m3u8');
  video.say('loadedmetadata');
  assert.equal(video.currentTime, 42);
  assert.equal(lecture.choose(1), false);
});

test('loading another source closes the span of the first and takes it away', async () => {
  await lecture.load('/stream/a/master.m3u8', 0);
  play(3000);
  await lecture.load('/stream/b/master.m3u8', 3000);
  assert.deepEqual(media(), [[0, 3000]]);
  assert.equal(video.src, '/stream/b/master.m3u8');
});

test('a failure closes the span and is told, and trying again goes on from the place', async () => {
  const told: Failure[] = [];
  video.addEventListener('lecture:failed', (event) => told.push((event as CustomEvent<Failure>).detail));
  await lecture.load('/stream/a/master.m3u8', 0);
  play(3000);
  video.error = { code: 2, message: 'gone' };
  video.say('error');
  await new Promise((asked) => setTimeout(asked)); // the address is asked first whether it refuses
  assert.deepEqual(told, [{ kind: 'network', detail: 'gone' }]);
  assert.deepEqual(media(), [[0, 3000]]);
  const loads = video.loads;
  lecture.retry();
  assert.equal(video.loads, loads + 1);
  video.currentTime = 0;
  video.say('loadedmetadata');
  assert.equal(video.currentTime, 3);
});

test('what the buffer still shows after the network failed is recorded to its end', async () => {
  await lecture.load('/stream/a/master.m3u8', 0);
  play(3000);
  video.error = { code: 2, message: 'gone' };
  video.say('error');
  await new Promise((asked) => setTimeout(asked));
  play(2000);
  video.pause();
  assert.deepEqual(media(), [[0, 5000]]);
});

test('a page that was left and is shown again records what runs on', () => {
  play(3000);
  lecture.cut();
  clock += 60_000;
  play(2000);
  video.pause();
  const [before, after] = media();
  assert.deepEqual(before, [0, 3000]);
  assert.equal(after?.[1], 5000);
  assert.ok(claimed() <= 5000 && claimed() >= 4700);
});

test('a browser that can play nothing of it is told so', async () => {
  const told: (Failure | Quality[])[] = [];
  video.plays = '';
  video.addEventListener('lecture:failed', (event) => told.push((event as CustomEvent<Failure>).detail));
  await lecture.load('/stream/a/master.m3u8', 0);
  assert.deepEqual(told, [{ kind: 'unsupported', detail: '' }]);
});

test('no history of a person pressing everything claims more than the clock gives', () => {
  let seed = 3;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 60; round += 1) {
    lecture.destroy();
    clock = 0;
    open();
    for (let step = 0; step < 40; step += 1) {
      const act = random(8);
      if (act < 3) play(100 + random(4000));
      else if (act === 3) seekTo(random(3000));
      else if (act === 4) video.pause();
      else if (act === 5) lecture.roll();
      else if (act === 6) video.say('waiting', 'playing');
      else {
        video.playbackRate = [0.5, 1, 1.5, 2][random(4)]!;
        video.say('ratechange');
      }
      clock += random(300);
    }
    lecture.cut();
    for (const [index, { s, e, t0, t1, rate }] of spans.entries()) {
      assert.ok(e - s <= (t1 - t0) * rate + 900, JSON.stringify(spans[index]));
      assert.ok(index === 0 || t0 >= spans[index - 1]!.t1 - 1, 'one life');
      assert.ok(s >= 0 && e > s && e <= HOUR);
    }
    assert.ok(claimed() <= clock * 2 + 2000);
  }
});
