import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { MemoryStore, openStore, type Kept, type Store } from '../../../classroom/learning/static_src/lesson/store.ts';

// As much of IndexedDB as the store asks of it.

type Key = [string, number];
const order = (a: Key, b: Key): number => (a[0] === b[0] ? a[1] - b[1] : a[0] < b[0] ? -1 : 1);

class FakeDatabase {
  rows = new Map<string, Kept>();
  isFull = false;

  createObjectStore(): void {
    this.rows.clear();
  }

  transaction(_name: string, mode = 'readonly') {
    const work: (() => void)[] = [];
    const transaction = {
      error: null as Error | null,
      oncomplete: () => undefined,
      onabort: () => undefined,
      commit: () => undefined,
      objectStore: () => ({
        put: (row: Kept) => work.push(() => this.rows.set(`${row.session}/${row.seq}`, structuredClone(row))),
        delete: ({ from, to }: { from: Key; to: Key }) =>
          work.push(() => {
            for (const [name, row] of this.rows) {
              const key: Key = [row.session, row.seq];
              if (order(key, from) >= 0 && order(key, to) <= 0) this.rows.delete(name);
            }
          }),
        getAll: () => {
          const request = { result: [] as Kept[], onsuccess: () => undefined, onerror: () => undefined };
          queueMicrotask(() => {
            request.result = [...this.rows.values()].map((row) => structuredClone(row));
            request.onsuccess();
          });
          return request;
        },
      }),
    };
    if (mode === 'readwrite') {
      queueMicrotask(() => {
        if (this.isFull) {
          transaction.error = new DOMException('full', 'QuotaExceededError');
          transaction.onabort();
          return;
        }
        for (const one of work) one();
        transaction.oncomplete();
      });
    }
    return transaction;
  }
}

let database: FakeDatabase;

function offering(how: 'works' | 'refuses' | 'blocked' | 'throws' | 'missing'): void {
  const open = () => {
    if (how === 'throws') throw new DOMException('forbidden', 'SecurityError');
    const request: Record<string, unknown> = { result: database };
    queueMicrotask(() => {
      const call = (name: string) => (request[name] as () => void)();
      if (how === 'works') [call('onupgradeneeded'), call('onsuccess')];
      else call(how === 'refuses' ? 'onerror' : 'onblocked');
    });
    return request;
  };
  Object.assign(globalThis, {
    indexedDB: how === 'missing' ? undefined : { open },
    IDBKeyRange: { bound: (from: Key, to: Key) => ({ from, to }) },
  });
}

const row = (session: string, seq: number, person = 'p'): Kept =>
  ({ session, seq, person, at: 0, position_ms: null, spans: [{ s: seq, e: seq + 1, t0: 0, t1: 1, rate: 1 }] });
const names = (rows: Kept[]) => rows.map((one) => `${one.session}${one.seq}`);

beforeEach(() => {
  database = new FakeDatabase();
  offering('works');
});
afterEach(() => {
  Object.assign(globalThis, { indexedDB: undefined });
});

for (const kind of ['IndexedDB', 'memory'] as const) {
  const opened = async (): Promise<Store> => (kind === 'memory' ? new MemoryStore() : openStore());

  test(`${kind}: reports come back in the order in which they have to be sent`, async () => {
    const store = await opened();
    for (const one of [row('b', 0), row('a', 10), row('a', 2), row('b', 1), row('a', 9)]) await store.put(one);
    assert.deepEqual(names(await store.all('p')), ['a2', 'a9', 'a10', 'b0', 'b1']);
  });

  test(`${kind}: a report that grew takes the place of what it was`, async () => {
    const store = await opened();
    await store.put(row('a', 0));
    const grown = { ...row('a', 0), spans: [...row('a', 0).spans, ...row('a', 5).spans] };
    await store.put(grown);
    grown.spans = [];
    assert.deepEqual((await store.all('p')).map((one) => one.spans.length), [2]);
  });

  test(`${kind}: one report is forgotten without those before it`, async () => {
    const store = await opened();
    for (const one of [row('a', 0), row('a', 1), row('a', 2), row('b', 1)]) await store.put(one);
    await store.drop('a', 1);
    assert.deepEqual(names(await store.all('p')), ['a0', 'a2', 'b1']);
  });

  test(`${kind}: one person never gets what another left on the same computer`, async () => {
    const store = await opened();
    await store.put(row('a', 0, 'p'));
    await store.put(row('b', 0, 'q'));
    assert.deepEqual(names(await store.all('p')), ['a0']);
    assert.deepEqual(names(await store.all('q')), ['b0']);
    assert.deepEqual(await store.all('nobody'), []);
  });
}

test('what is kept in the database outlives the page', async () => {
  await (await openStore()).put(row('a', 0));
  const kept = database.rows;
  database.createObjectStore = () => undefined;
  const next = await openStore();
  assert.equal(next.lasts, true);
  assert.equal(kept.size, 1);
  assert.deepEqual(names(await next.all('p')), ['a0']);
});

test('a full disk is told to whoever writes, and what was there stays', async () => {
  const store = await openStore();
  await store.put(row('a', 0));
  database.isFull = true;
  await assert.rejects(store.put(row('a', 1)), { name: 'QuotaExceededError' });
  assert.deepEqual(names(await store.all('p')), ['a0']);
});

for (const how of ['refuses', 'blocked', 'throws', 'missing'] as const) {
  test(`where the browser's database ${how}, memory serves and says that it does not last`, async () => {
    offering(how);
    const store = await openStore();
    assert.equal(store.lasts, false);
    await store.put(row('a', 0));
    assert.deepEqual(names(await store.all('p')), ['a0']);
  });
}
