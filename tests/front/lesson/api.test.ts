import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { has, send } from '../../../classroom/learning/static_src/lesson/api.ts';
import { newPage, page } from './dom.ts';

const realFetch = globalThis.fetch;
let asked: { url: string; init: RequestInit }[];

function answering(answer: Response | Error): void {
  globalThis.fetch = (async (url: string, init: RequestInit) => {
    asked.push({ url, init });
    if (answer instanceof Error) throw answer;
    return answer;
  }) as typeof fetch;
}

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });

beforeEach(() => {
  newPage();
  page.cookie = 'a=1; csrftoken=abc123; b=2';
  asked = [];
});
afterEach(() => {
  globalThis.fetch = realFetch;
});

test('what is sent is JSON with the token of the page, to our own server only', async () => {
  answering(json(200, { ok: true }));
  await send('/api/x/', { seq: 1 });
  const { url, init } = asked[0]!;
  const headers = init.headers as Record<string, string>;
  assert.deepEqual([url, init.method, init.body], ['/api/x/', 'POST', '{"seq":1}']);
  assert.deepEqual([headers['X-CSRFToken'], headers['Content-Type']], ['abc123', 'application/json']);
  assert.deepEqual([init.credentials, init.redirect], ['same-origin', 'error']);
});

test('without a cookie the form of the page tells the token', async () => {
  page.cookie = '';
  const field = page.add('', 'input');
  field.setAttribute('name', 'csrfmiddlewaretoken');
  field.value = 'from-form';
  answering(json(200, {}));
  await send('/api/x/', {});
  assert.equal((asked[0]!.init.headers as Record<string, string>)['X-CSRFToken'], 'from-form');
});

for (const [status, outcome] of [
  [401, { kind: 'signed_out' }],
  [403, { kind: 'signed_out' }],
  [408, { kind: 'later', offline: false }],
  [425, { kind: 'later', offline: false }],
  [429, { kind: 'later', offline: false }],
  [500, { kind: 'later', offline: false }],
  [502, { kind: 'later', offline: false }],
  [504, { kind: 'later', offline: false }],
  [400, { kind: 'refused', status: 400, detail: 'No.' }],
  [404, { kind: 'refused', status: 404, detail: 'No.' }],
  [409, { kind: 'refused', status: 409, detail: 'No.' }],
] as const) {
  test(`an answer ${status} is ${outcome.kind}`, async () => {
    answering(json(status, { title: 'Title', detail: 'No.' }));
    assert.deepEqual(await send('/api/x/', {}), outcome);
  });
}

for (const status of [429, 500, 503]) {
  test(`an answer ${status} that says when to come back tells it on`, async () => {
    answering(new Response('busy', { status, headers: { 'Retry-After': '30' } }));
    assert.deepEqual(await send('/api/x/', {}), { kind: 'later', offline: false, after: 30_000 });
  });
}

test('an answer is its value; an empty one is none', async () => {
  answering(json(201, { id: 7 }));
  assert.deepEqual(await send('/api/x/', {}), { kind: 'ok', value: { id: 7 } });
  answering(new Response(null, { status: 204 }));
  assert.deepEqual(await send('/api/x/', undefined, { method: 'DELETE' }), { kind: 'ok', value: null });
  assert.equal(asked[1]!.init.body, undefined);
});

test('a refusal without a reason gives its title', async () => {
  answering(json(400, { title: 'Bad Request', errors: {} }));
  assert.deepEqual(await send('/api/x/', {}), { kind: 'refused', status: 400, detail: 'Bad Request' });
});

test('the page of a captive portal is no answer of the server', async () => {
  for (const status of [200, 404]) {
    answering(new Response('<html>Pay here</html>', { status }));
    assert.deepEqual(await send('/api/x/', {}), { kind: 'later', offline: true });
  }
});

for (const [what, value] of [
  ['an object of its own', { ok: true }], ['a list', []], ['null', null], ['a text', '"'], ['half an answer', { highest_seq: null }],
] as const) {
  test(`JSON of a captive portal is no answer of the server: ${what}`, async () => {
    answering(json(200, value));
    const outcome = await send('/api/x/', {}, { fits: has('highest_seq') });
    assert.deepEqual(outcome, { kind: 'later', offline: true });
  });
}

test('an empty answer where one was to come is none', async () => {
  answering(new Response(null, { status: 204 }));
  assert.deepEqual(await send('/api/x/', {}, { fits: has('highest_seq') }), { kind: 'later', offline: true });
});

test('an answer that has what was asked for is taken, a number below zero and a text alike', async () => {
  for (const value of [{ highest_seq: -1, id: 'x' }, { highest_seq: 0, id: '' }]) {
    answering(json(200, value));
    assert.deepEqual(await send('/api/x/', {}, { fits: has('highest_seq', 'id') }), { kind: 'ok', value });
  }
});

test('a refusal is one whatever it holds', async () => {
  answering(json(409, { detail: 'No.' }));
  assert.equal((await send('/api/x/', {}, { fits: has('highest_seq') })).kind, 'refused');
});

test('no network, a redirect and a time that ran out are all: later', async () => {
  for (const error of [new TypeError('failed'), new DOMException('late', 'TimeoutError')]) {
    answering(error);
    assert.deepEqual(await send('/api/x/', {}), { kind: 'later', offline: true });
  }
});

test('what is sent while leaving outlives the page and has no time limit of its own', async () => {
  answering(json(200, {}));
  await send('/api/x/', {}, { keepalive: true });
  await send('/api/x/', {});
  assert.deepEqual([asked[0]!.init.keepalive, asked[0]!.init.signal], [true, undefined]);
  assert.ok(asked[1]!.init.signal instanceof AbortSignal);
});
