// A trainer's page stays open longer than a right to stream lasts.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { preview, type Means } from '../../../media/static_src/player/preview.ts';
import type { SourceEvents } from '../../../media/static_src/player/source.ts';
import { FakeVideo } from './element.ts';

const WORDS = { refused: 'No longer yours', network: 'Nothing comes' };
let opened: [string, number][];
let asked: string[];
let destroyed: number;
let plays: number;
let events: SourceEvents;
let fresh: string;
let now: number;
let master: string;
let look: (() => Promise<void>) | null;
let said: { dataset: typeof WORDS; textContent: string };

class Video extends FakeVideo {
  dataset: Record<string, string> = { manifest: '/m/old/master.m3u8' };
  play = async (): Promise<void> => {
    plays += 1;
  };
}

const means: Means = {
  open: async (_, manifest, start, told) => {
    opened.push([manifest, start]);
    events = told;
    return { choose: () => true, hear: () => undefined, retry: () => undefined, destroy: () => (destroyed += 1) };
  },
  renew: async (address) => (asked.push(address), fresh),
  look: async () => master,
  every: (_, run) => (look = run),
  now: () => now,
};

async function shown(early = false): Promise<Video> {
  const video = new Video();
  if (early) video.dataset['early'] = '1';
  const root = { querySelector: (name: string) => (name === '[data-video-said]' ? said : null) };
  await preview(video as unknown as HTMLVideoElement, root as unknown as ParentNode, means);
  return video;
}

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

async function fails(kind: 'refused' | 'network'): Promise<void> {
  events.failed({ kind, detail: '' });
  await settled();
}

beforeEach(() => {
  [opened, asked, destroyed, plays, now] = [[], [], 0, 0, 0];
  [fresh, master, look] = ['/m/new/master.m3u8', '#EXTM3U\n#A:1\nv480/index.m3u8\n', null];
  said = { dataset: WORDS, textContent: '' };
});

test('a right that ran out is renewed, and the lecture goes on from where it was', async () => {
  const video = await shown();
  [video.currentTime, video.paused] = [1234.5, false];
  await fails('refused');
  assert.deepEqual(asked, ['/m/old/master.m3u8']);
  assert.deepEqual(opened, [['/m/old/master.m3u8', 0], ['/m/new/master.m3u8', 1234.5]]);
  assert.deepEqual([destroyed, plays, said.textContent], [1, 1, '']);
});

test('where it stood still it stands still', async () => {
  await shown();
  await fails('refused');
  assert.equal(plays, 0);
});

test('a right that nobody renews is told as it is', async () => {
  fresh = '';
  await shown();
  await fails('refused');
  assert.deepEqual([opened.length, said.textContent], [1, WORDS.refused]);
});

test('a fresh right that is refused at once is not renewed for ever, but once it is old it is', async () => {
  await shown();
  await fails('refused');
  now = 59_000;
  await fails('refused');
  assert.deepEqual([asked.length, said.textContent], [1, WORDS.refused]);
  now = 61_000;
  await fails('refused');
  assert.deepEqual([asked.length, said.textContent], [2, '']);
});

test('a network that brings nothing is no matter of rights', async () => {
  await shown();
  await fails('network');
  assert.deepEqual([asked, said.textContent], [[], WORDS.network]);
});

test('better qualities of a lecture that is being made are taken up while it stands still', async () => {
  const video = await shown(true);
  video.currentTime = 7;
  await look!();
  master = '#EXTM3U\n#A:2\nv480/index.m3u8\n';
  await look!();
  assert.equal(opened.length, 1, 'nothing new but a figure');
  master += '#A:3\nv1080/index.m3u8\n';
  await look!();
  await look!();
  assert.deepEqual(opened.slice(1), [['/m/old/master.m3u8', 7]]);
});

test('nobody who watches is interrupted by a better quality; it comes with the next pause', async () => {
  const video = await shown(true);
  [video.paused, video.currentTime] = [false, 30];
  master += '#A:3\nv1080/index.m3u8\n';
  await look!();
  await look!();
  assert.equal(opened.length, 1);
  video.currentTime = 41;
  video.pause();
  await settled();
  assert.deepEqual(opened.slice(1), [['/m/old/master.m3u8', 41]]);
  video.pause();
  await settled();
  assert.equal(opened.length, 2);
});

test('a playlist that does not come is no news', async () => {
  await shown(true);
  master = '';
  await look!();
  assert.equal(opened.length, 1);
});

test('a lecture that is published is not looked at again', async () => {
  await shown();
  assert.equal(look, null);
});
