// What an error of the stream means, and what is mended without a word.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import Hls from 'hls.js';

import { nativeFailure, REPAIRS, statusOf, verdict, type Trouble } from '../../../media/static_src/player/failures.ts';

const { ErrorTypes, ErrorDetails } = Hls;
const trouble = (more: Partial<Trouble>): Trouble => ({
  type: ErrorTypes.NETWORK_ERROR,
  details: ErrorDetails.FRAG_LOAD_ERROR,
  fatal: true,
  ...more,
});
const kind = (more: Partial<Trouble>, repairs = REPAIRS): string => {
  const said = verdict(trouble(more), repairs);
  return typeof said === 'string' ? said : said.kind;
};

test('what the library goes on from by itself is not told', () => {
  for (const type of Object.values(ErrorTypes)) {
    assert.equal(verdict(trouble({ type, fatal: false, response: { code: 403 } }), 0), 'go on');
  }
});

test('a broken picture is mended twice and then told', () => {
  const broken = { type: ErrorTypes.MEDIA_ERROR, details: ErrorDetails.BUFFER_APPEND_ERROR };
  assert.deepEqual([0, 1, 2, 3].map((repairs) => kind(broken, repairs)), ['repair', 'repair', 'media', 'media']);
});

test('only a broken picture is mended', () => {
  for (const type of [ErrorTypes.NETWORK_ERROR, ErrorTypes.MUX_ERROR, ErrorTypes.OTHER_ERROR]) {
    assert.notEqual(kind({ type }, 0), 'repair');
  }
});

test('a right that is over is told from a network that is away', () => {
  const codes = [0, 200, 401, 403, 404, 408, 410, 429, 500, 502, 503];
  const refused = codes.filter((code) => kind({ response: { code } }) === 'refused');
  assert.deepEqual(refused, [401, 403, 404, 410]);
  assert.equal(kind({ response: undefined }), 'network');
  assert.equal(kind({ response: {} }), 'network');
});

test('a status of something that is not the network says nothing about the right', () => {
  assert.equal(kind({ type: ErrorTypes.MUX_ERROR, response: { code: 403 } }), 'media');
});

test('the detail is for those who are told of it', () => {
  assert.deepEqual(verdict(trouble({ details: 'levelLoadTimeOut' }), 0), { kind: 'network', detail: 'levelLoadTimeOut' });
});

test("the browser's own player says network where it cannot load, media where it cannot decode", () => {
  const kinds = [1, 2, 3, 4].map((code) => nativeFailure({ code, message: 'x' }).kind);
  assert.deepEqual(kinds, ['media', 'network', 'media', 'network']);
  assert.deepEqual(nativeFailure(null), { kind: 'media', detail: '' });
  assert.deepEqual(nativeFailure({ code: 4 }), { kind: 'network', detail: '' });
});

test("a right that ran out is told apart where the browser's own player only says that it broke", async (t) => {
  const asked: unknown[] = [];
  t.mock.method(globalThis, 'fetch', async (address: string, how: RequestInit) => {
    asked.push([address, how.method]);
    return new Response(null, { status: 410 });
  });
  const status = await statusOf('/stream/x/master.m3u8');
  assert.deepEqual(asked, [['/stream/x/master.m3u8', 'HEAD']]);
  assert.deepEqual([2, 3, 4].map((code) => nativeFailure({ code }, status).kind), ['refused', 'refused', 'refused']);
  assert.deepEqual([2, 3].map((code) => nativeFailure({ code }, 200).kind), ['network', 'media']);
});

test('without a network the address says nothing about the right', async (t) => {
  t.mock.method(globalThis, 'fetch', () => Promise.reject(new TypeError('offline')));
  assert.equal(await statusOf('/x'), 0);
  assert.equal(nativeFailure({ code: 2 }, 0).kind, 'network');
});
