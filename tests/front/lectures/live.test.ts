// Asking again and again: how often, with what, and that two questions never run beside one another.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { poll, type Poll } from '../../../media/static_src/lectures/live.ts';
import { page, type FakePage } from '../player/element.ts';

interface Asked {
  url: string;
  tag: string | undefined;
  answer: (response: Response) => void;
  fail: () => void;
}

let document: FakePage;
let asked: Asked[];
let taken: string[];
let stop: () => void;
let moving: boolean;
let address: string;

const answer = (body: string, etag = '', status = 200): Response =>
  new Response(status === 304 ? null : body, { status, headers: etag ? { ETag: etag } : {} });

/** Let everything that waits for promises run. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

function begin(more: Partial<Poll> = {}): void {
  stop = poll({
    address: () => address,
    moving: () => moving,
    take: async (response) => {
      taken.push(await response.text());
    },
    ...more,
  });
}

beforeEach(() => {
  document = page();
  mock.timers.enable({ apis: ['setTimeout'] });
  asked = [];
  taken = [];
  moving = true;
  address = '/live/';
  globalThis.fetch = ((url: string, options: { headers: Record<string, string> }) =>
    new Promise<Response>((resolve, reject) => {
      asked.push({ url, tag: options.headers['If-None-Match'], answer: resolve, fail: () => reject(new TypeError()) });
    })) as typeof fetch;
});
afterEach(() => {
  stop();
  mock.timers.reset();
});

test('nothing is asked at once, then every two seconds while something moves', async () => {
  begin();
  assert.equal(asked.length, 0);
  mock.timers.tick(1999);
  assert.equal(asked.length, 0);
  mock.timers.tick(1);
  assert.equal(asked.length, 1);
  asked[0]!.answer(answer('a'));
  await settle();
  assert.deepEqual(taken, ['a']);
  mock.timers.tick(2000);
  assert.equal(asked.length, 2);
});

test('a slow answer is waited for: there is never a second question beside it', async () => {
  begin();
  mock.timers.tick(2000);
  mock.timers.tick(60_000);
  assert.equal(asked.length, 1);
});

test('coming back to the page while an answer is under way asks no second time', async () => {
  begin();
  mock.timers.tick(2000);
  for (let turn = 0; turn < 3; turn += 1) {
    document.turn('hidden');
    document.turn('visible');
  }
  assert.equal(asked.length, 1);
  asked[0]!.answer(answer('a'));
  await settle();
  mock.timers.tick(2000);
  assert.equal(asked.length, 2, 'one question goes on, not four');
});

test('a hidden page asks nothing and asks at once when it is seen again', async () => {
  begin();
  document.turn('hidden');
  mock.timers.tick(60_000);
  assert.equal(asked.length, 0);
  document.turn('visible');
  assert.equal(asked.length, 1);
  asked[0]!.answer(answer('a'));
  await settle();
  mock.timers.tick(2000);
  assert.equal(asked.length, 2);
});

test('when nothing moves it asks every twenty seconds', async () => {
  moving = false;
  begin();
  mock.timers.tick(19_999);
  assert.equal(asked.length, 0);
  mock.timers.tick(1);
  assert.equal(asked.length, 1);
});

test('what has not changed is neither sent nor taken again', async () => {
  begin();
  mock.timers.tick(2000);
  asked[0]!.answer(answer('a', '"1"'));
  await settle();
  mock.timers.tick(2000);
  assert.equal(asked[1]!.tag, '"1"');
  asked[1]!.answer(answer('', '', 304));
  await settle();
  mock.timers.tick(2000);
  assert.equal(asked[2]!.tag, '"1"', 'the tag is kept');
  assert.deepEqual(taken, ['a']);
});

test('another question begins without the tag of the former', async () => {
  begin();
  mock.timers.tick(2000);
  asked[0]!.answer(answer('a', '"1"'));
  await settle();
  address = '/live/?rows=2';
  mock.timers.tick(2000);
  assert.deepEqual([asked[1]!.url, asked[1]!.tag], ['/live/?rows=2', undefined]);
});

test('a server that does not answer is asked later and later, and soon again once it does', async () => {
  begin();
  const waits: number[] = [];
  mock.timers.tick(2000);
  for (const bad of ['fail', 500, 302, 403, 'fail', 503]) {
    const last = asked.at(-1)!;
    if (bad === 'fail') last.fail();
    else last.answer(answer('x', '', bad as number));
    await settle();
    const before = asked.length;
    let waited = 0;
    while (asked.length === before) {
      mock.timers.tick(1000);
      waited += 1000;
    }
    waits.push(waited);
  }
  assert.deepEqual(waits, [4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  assert.deepEqual(taken, []);
  asked.at(-1)!.answer(answer('back'));
  await settle();
  const before = asked.length;
  mock.timers.tick(2000);
  assert.equal(asked.length, before + 1);
  assert.deepEqual(taken, ['back']);
});

test('an answer that cannot be used counts as none and stops nothing', async () => {
  begin({ take: () => Promise.reject(new Error('no JSON')) });
  mock.timers.tick(2000);
  asked[0]!.answer(answer('<html>'));
  await settle();
  mock.timers.tick(3999);
  assert.equal(asked.length, 1);
  mock.timers.tick(1);
  assert.equal(asked.length, 2);
});

test('once stopped it asks no more, whatever is under way or seen', async () => {
  begin();
  mock.timers.tick(2000);
  stop();
  asked[0]!.answer(answer('a'));
  await settle();
  mock.timers.tick(120_000);
  document.turn('hidden');
  document.turn('visible');
  assert.equal(asked.length, 1);
});
