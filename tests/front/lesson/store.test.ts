import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { DeviceStore, PATIENCE_MS, type Kept } from '../../../classroom/learning/static_src/lesson/store.ts';
import { settled } from './dom.ts';
import { FakeDatabase, type How } from './indexed-db.ts';

const row = (session: string, seq: number, person = 'p'): Kept =>
  ({ session, seq, person, at: 0, position_ms: null, spans: [{ s: seq, e: seq + 1, t0: 0, t1: 1, rate: 1 }] });
const names = (rows: Iterable<Kept>) => [...rows].map((one) => `${one.session}${one.seq}`);

let database: FakeDatabase;
let changes: [lasts: boolean, isAwaited: boolean][];
let timers: Map<number, { at: number; run: () => void }>;
let now = 0;
const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

beforeEach(() => {
  database = new FakeDatabase();
  [changes, timers, now] = [[], new Map(), 0];
  let last = 0;
  Object.assign(globalThis, {
    setTimeout: (run: () => void, ms: number) => (timers.set((last += 1), { at: now + ms, run }), last),
    clearTimeout: (id: number) => timers.delete(id),
  });
});
afterEach(() => {
  Object.assign(globalThis, { ...real, indexedDB: undefined });
});

function tick(ms: number): void {
  now += ms;
  for (const [id, { at, run }] of [...timers]) if (at <= now && timers.delete(id)) run();
}

function begun(how: How): { store: DeviceStore; opening: Promise<void> } {
  database.offer(how);
  const store: DeviceStore = new DeviceStore(() => changes.push([store.lasts, store.isAwaited]));
  return { store, opening: store.open() };
}

async function opened(how: How = 'works'): Promise<DeviceStore> {
  const { store, opening } = begun(how);
  await settled();
  if (how === 'silent' || how === 'blocked') tick(PATIENCE_MS);
  await opening;
  return store;
}

/** Let the database be silent for longer than anybody waits. */
async function wait(ms = PATIENCE_MS): Promise<void> {
  await settled();
  tick(ms);
  await settled();
}

for (const how of ['works', 'missing', 'silent'] as const) {
  test(`${how}: reports come back in the order in which they have to be sent`, async () => {
    const store = await opened(how);
    for (const one of [row('b', 0), row('a', 10), row('a', 2), row('b', 1), row('a', 9)]) {
      await store.put(one).catch(() => undefined);
    }
    assert.deepEqual(names(await store.all('p')), ['a2', 'a9', 'a10', 'b0', 'b1']);
  });

  test(`${how}: a report that grew takes the place of what it was, and is nobody's to change`, async () => {
    const store = await opened(how);
    await store.put(row('a', 0)).catch(() => undefined);
    const grown = { ...row('a', 0), spans: [...row('a', 0).spans, ...row('a', 5).spans] };
    await store.put(grown).catch(() => undefined);
    grown.spans = [];
    assert.deepEqual((await store.all('p')).map((one) => one.spans.length), [2]);
  });

  test(`${how}: one report is forgotten without those before it, and no person gets another's`, async () => {
    const store = await opened(how);
    for (const one of [row('a', 0), row('a', 1), row('a', 2), row('b', 1, 'q')]) await store.put(one).catch(() => undefined);
    await store.drop('a', 1).catch(() => undefined);
    assert.deepEqual(names(await store.all('p')), ['a0', 'a2']);
    assert.deepEqual(names(await store.all('q')), ['b1']);
    assert.deepEqual(await store.all('nobody'), []);
  });
}

test('what is kept in the database outlives the page', async () => {
  const store = await opened();
  assert.equal(store.lasts, true);
  await store.put(row('a', 0));
  const next = await opened();
  assert.deepEqual(names(await next.all('p')), ['a0']);
});

for (const how of ['refuses', 'throws', 'missing'] as const) {
  test(`where the browser's database ${how}, memory serves and says that it does not last`, async () => {
    const store = await opened(how);
    assert.deepEqual([store.lasts, store.isAwaited], [false, false]);
    await assert.rejects(store.put(row('a', 0)));
    assert.deepEqual(names(await store.all('p')), ['a0']);
  });
}

test('a full disk is told to whoever writes; nothing is lost, and with room again all of it is kept', async () => {
  const store = await opened();
  await store.put(row('a', 0));
  database.isFull = true;
  await assert.rejects(store.put(row('a', 1)), { name: 'QuotaExceededError' });
  assert.deepEqual([store.lasts, names(await store.all('p')), names(database.rows.values())], [false, ['a0', 'a1'], ['a0']]);
  database.isFull = false;
  await store.put(row('a', 2));
  assert.deepEqual([store.lasts, names(database.rows.values())], [true, ['a0', 'a1', 'a2']]);
  assert.deepEqual(changes.map(([lasts]) => lasts), [true, false, true]);
});

// Databases that do not answer.

for (const how of ['silent', 'blocked'] as const) {
  test(`a database that is ${how} holds nobody up for longer than two seconds`, async () => {
    const { store, opening } = begun(how);
    let isOpen = false;
    void opening.then(() => (isOpen = true));
    await wait(1_999);
    assert.equal(isOpen, false, 'one that is only slow is waited for');
    await wait(1);
    assert.equal(isOpen, true);
    assert.deepEqual([store.lasts, store.isAwaited, timers.size], [false, true, 0]);
    // Nor does anything after that.
    await store.put(row('a', 0));
    await store.put(row('a', 1));
    await store.drop('a', 0);
    assert.deepEqual(names(await store.all('p')), ['a1']);
  });

  test(`what was in memory while the database was ${how} goes into it, without what the server has by then`, async () => {
    const store = await opened(how);
    for (const seq of [0, 1, 2]) await store.put(row('a', seq));
    await store.drop('a', 1);
    database.rows.set('z/0', row('z', 0));
    database.answer();
    await settled();
    assert.deepEqual(names(database.rows.values()), ['z0', 'a0', 'a2']);
    assert.deepEqual([store.lasts, store.isAwaited], [true, false]);
    assert.deepEqual(names(await store.all('p')), ['a0', 'a2', 'z0'], 'and what earlier pages left is found');
    assert.deepEqual(changes.at(-1), [true, false], 'and the page hears of it');
    await store.put(row('a', 3));
    assert.deepEqual(names(database.rows.values()), ['z0', 'a0', 'a2', 'a3']);
  });
}

test('a database that refuses at last is awaited no longer', async () => {
  const store = await opened('silent');
  await store.put(row('a', 0));
  database.offer('refuses');
  database.answer('onerror');
  await settled();
  assert.deepEqual([store.lasts, store.isAwaited, names(await store.all('p'))], [false, false, ['a0']]);
});

test('a database that answers just in time is told to nobody as silent', async () => {
  const { store, opening } = begun('silent');
  await wait(1_999);
  database.answer();
  await opening;
  await wait(10_000);
  assert.deepEqual([store.lasts, changes], [true, [[true, false]]]);
});

test('a database that falls silent later holds nothing up either, and gets everything when it wakes', async () => {
  const store = await opened();
  database.isStuck = true;
  const first = store.put(row('a', 0));
  await Promise.all([assert.rejects(first, { name: 'TimeoutError' }), wait()]);
  assert.deepEqual([store.lasts, store.isAwaited], [false, true]);
  await store.put({ ...row('a', 0), at: 7 });
  await store.put(row('a', 1));
  assert.deepEqual(names(await store.all('p')), ['a0', 'a1']);
  database.answer();
  await settled();
  assert.deepEqual([...database.rows.values()].map(({ seq, at }) => [seq, at]), [[0, 7], [1, 0]]);
  assert.equal(store.lasts, true);
});

test('a list that never comes is given up, and memory answers for what it has', async () => {
  const store = await opened();
  database.isStuck = true;
  const asked = store.all('p');
  await wait();
  assert.deepEqual(await asked, []);
});

test('a connection that a phone dropped in the background is made anew, once, and what was kept is there', async () => {
  const store = await opened();
  await store.put(row('a', 0));
  const { rows } = database;
  database.isClosed = true;
  database = Object.assign(new FakeDatabase(), { rows });
  database.offer('works');
  await Promise.all([store.put(row('a', 1)), store.put(row('a', 2))]);
  assert.deepEqual([names(await store.all('p')), store.lasts, database.opened], [['a0', 'a1', 'a2'], true, 1]);
});
