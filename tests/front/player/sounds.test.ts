// The sounds of a lecture as a viewer reads them in the menu.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { named } from '../../../media/static_src/player/sounds.ts';
import { open } from '../../../media/static_src/player/source.ts';

const labels = (tracks: { name: string; lang?: string }[], reader: string): string[] =>
  named(tracks, reader).map(({ label }) => label);

test('a sound without a title is named by its language, as its reader calls it', () => {
  const tracks = [{ name: 'zh', lang: 'zh' }, { name: 'en (2)', lang: 'en' }, { name: '', lang: 'ja' }];
  assert.deepEqual(labels(tracks, 'zh-Hans'), ['中文', '英语', '日语']);
  assert.deepEqual(labels(tracks, 'en'), ['Chinese', 'English', 'Japanese']);
});

test('the title that the file gave goes before the language', () => {
  assert.deepEqual(labels([{ name: '同声传译 (2)', lang: 'en' }, { name: 'Mic 2', lang: 'zh' }], 'en'), ['同声传译', 'Mic 2']);
});

test('what would read the same is numbered, the others are not', () => {
  const tracks = [{ name: 'zh', lang: 'zh' }, { name: 'zh (2)', lang: 'zh' }, { name: 'en (3)', lang: 'en' }];
  assert.deepEqual(labels(tracks, 'en'), ['Chinese 1', 'Chinese 2', 'English']);
  assert.deepEqual(named(tracks, 'en').map(({ index }) => index), [0, 1, 2]);
});

test('a tag that no browser knows is shown as it is', () => {
  assert.deepEqual(labels([{ name: 'x', lang: 'x' }, { name: 'qaa-zz-', lang: 'qaa-zz-' }], 'en'), ['x', 'qaa-zz-']);
  assert.deepEqual(labels([{ name: 'b' }], '-'), ['b']);
});

// Safari plays by itself and has a list of sounds of its own; here the element is as much of it as is asked.
test('where the browser plays by itself its sounds are listed and chosen', async () => {
  const tracks = [{ label: 'zh-Hans', language: 'zh-Hans', enabled: true }, { label: 'en', language: 'en', enabled: false }];
  const audioTracks = Object.assign(new EventTarget(), { [Symbol.iterator]: () => tracks[Symbol.iterator]() });
  const video = Object.assign(new EventTarget(), { audioTracks, canPlayType: () => 'maybe', src: '', load() {}, removeAttribute() {} });
  (globalThis as { document?: unknown }).document = { documentElement: { lang: 'en' } };
  const told: string[] = [];
  const source = await open(video as never, 'master.m3u8', 0, {
    qualities: () => undefined,
    quality: () => undefined,
    failed: () => undefined,
    sounds: (list, playing) => told.push(`${list.map(({ label }) => label).join(' ')} ${playing}`),
  });
  audioTracks.dispatchEvent(new Event('addtrack'));
  assert.deepEqual(told, ['Simplified Chinese English 0']);
  source.hear(1);
  assert.deepEqual(tracks.map(({ enabled }) => enabled), [false, true]);
  source.destroy();
  audioTracks.dispatchEvent(new Event('addtrack'));
  assert.equal(told.length, 1);
});
