import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as drafts from '../../../media/static_src/captions/draft.ts';
import { fromRows, rows, save, type Sent } from '../../../media/static_src/captions/saving.ts';

const sent: Sent = { cues: [[0, 1000, '字', 'line:0']], revision: 4, checked: false };

const answer = (status: number, body: unknown): typeof fetch =>
  (() => Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }))) as typeof fetch;

test('what is sent is all that the server needs, with its token', async () => {
  let asked: [string, RequestInit] | null = null;
  const ask = ((url: string, init: RequestInit) => {
    asked = [url, init];
    return Promise.resolve(new Response('{"revision": 5, "versions": "<p>"}'));
  }) as unknown as typeof fetch;
  assert.deepEqual(await save(ask, '/here/', 'token', sent), { kind: 'saved', revision: 5, versions: '<p>' });
  const [url, init] = asked! as [string, RequestInit];
  assert.equal(url, '/here/');
  assert.deepEqual(JSON.parse(String(init.body)), sent);
  assert.equal((init.headers as Record<string, string>)['X-CSRFToken'], 'token');
});

test('each answer means what it says', async () => {
  const found: [typeof fetch, unknown][] = [
    [answer(409, { revision: 7, message: 'Wu saved' }), { kind: 'moved', revision: 7, message: 'Wu saved' }],
    [answer(422, { faults: [{ index: 2, code: 'empty' }] }), { kind: 'faulty', faults: [{ index: 2, code: 'empty' }] }],
    [answer(413, ''), { kind: 'tooLarge' }],
    [answer(403, ''), { kind: 'signIn' }],
    [answer(400, { error: 'malformed' }), { kind: 'refused' }],
    [answer(404, '<html>'), { kind: 'refused' }],
    [answer(200, '<html>sign in</html>'), { kind: 'refused' }],
    [answer(502, ''), { kind: 'offline' }],
    [(() => Promise.reject(new TypeError('network'))) as typeof fetch, { kind: 'offline' }],
    [(() => Promise.resolve({ type: 'opaqueredirect', status: 0 })) as unknown as typeof fetch, { kind: 'signIn' }],
  ];
  for (const [ask, outcome] of found) assert.deepEqual(await save(ask, '/', '', sent), outcome);
});

test('rows and cues are the same captions', () => {
  assert.deepEqual(rows(fromRows(sent.cues)), sent.cues);
});

class Store {
  items = new Map<string, string>();
  isFull = false;
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.isFull) throw new DOMException('full', 'QuotaExceededError');
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

const asStorage = (store: Store): Storage => store as unknown as Storage;

test('a draft is there again until it is forgotten or two weeks old, for its person and track alone', () => {
  const store = asStorage(new Store());
  const draft = { revision: 4, at: 1000, cues: sent.cues };
  drafts.keep(store, '1/zh-Hans/9', draft);
  assert.deepEqual(drafts.read(store, '1/zh-Hans/9', 1000 + drafts.KEPT_MS - 1), draft);
  assert.equal(drafts.read(store, '1/zh-Hans/9', 1000 + drafts.KEPT_MS), null);
  assert.equal(drafts.read(store, '1/zh-Hans/8', 1000), null);
  drafts.forget(store, '1/zh-Hans/9');
  assert.equal(drafts.read(store, '1/zh-Hans/9', 1000), null);
});

test('a spoiled, full or missing storage is never an error', () => {
  const store = new Store();
  for (const spoiled of ['{', 'null', '[]', '{"cues": 1}', '{"cues": [[1, 2, 3, ""]], "revision": 1, "at": 9}', '{"cues": [], "at": 9}']) {
    store.items.set('captions:k', spoiled);
    assert.equal(drafts.read(asStorage(store), 'k', 10), null, spoiled);
  }
  store.isFull = true;
  drafts.keep(asStorage(store), 'k', { revision: 1, at: 1, cues: [] });
  drafts.keep(null, 'k', { revision: 1, at: 1, cues: [] });
  drafts.forget(null, 'k');
  assert.equal(drafts.read(null, 'k', 1), null);
});
