// What the menu of qualities offers, and which stream stands behind each height.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { firstGuess, offered } from '../../../media/static_src/player/source.ts';

const level = (height: number, videoCodec?: string): { height: number; videoCodec?: string } =>
  videoCodec === undefined ? { height } : { height, videoCodec };

test('each height is offered once, as AV1 where the browser was left with it', () => {
  const levels = [
    level(480, 'av01.0.04M.08'),
    level(480, 'avc1.64001E'),
    level(720, 'avc1.64001F'),
    level(720, 'av01.0.05M.08'),
    level(1080, 'avc1.640028'),
  ];
  assert.deepEqual(offered(levels), [
    { index: 0, height: 480 },
    { index: 3, height: 720 },
    { index: 4, height: 1080 },
  ]);
});

test('without AV1 every level is offered, also where a playlist names no codecs', () => {
  assert.deepEqual(offered([level(240), level(480, 'avc1.64001E')]), [
    { index: 0, height: 240 },
    { index: 1, height: 480 },
  ]);
  assert.deepEqual(offered([]), []);
});

// Chromium tells 0.4 on a poor mobile network, 10 at most, and 0 where it does not know; others tell nothing.
for (const [downlink, bits] of [[undefined, 2_000_000], [0, 2_000_000], [0.4, 320_000], [2.5, 2_000_000], [10, 2_000_000]] as const) {
  test(`a network of ${downlink ?? 'unknown'} Mbit/s begins at ${bits} bits a second`, () => {
    assert.equal(firstGuess(downlink), bits);
  });
}
