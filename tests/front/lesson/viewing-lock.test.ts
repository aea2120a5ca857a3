import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openViewings, ViewingLock, type Locks } from '../../../classroom/learning/static_src/lesson/viewing-lock.ts';
import { settled } from './dom.ts';

/** A browser's locks: given at once where they are free, and let go with the promise. */
function browser(): Locks {
  const held = new Set<string>();
  return {
    request: async (name: string, given: () => Promise<void>) => {
      await Promise.resolve();
      held.add(name);
      await given();
      held.delete(name);
    },
    query: async () => ({ held: [...held].map((name) => ({ name })), pending: [] }),
  } as never;
}

test('a viewing is open from the moment the browser says so until it is let go', async () => {
  const locks = browser();
  const lock = new ViewingLock('a', locks);
  assert.equal(lock.isHeld, false);
  await settled();
  assert.equal(lock.isHeld, true);
  assert.deepEqual([...(await openViewings(locks))], ['a']);
  lock.release();
  assert.equal(lock.isHeld, false);
  await settled();
  assert.deepEqual([...(await openViewings(locks))], []);
});

test('locks of other makers are no viewings', async () => {
  const locks = browser();
  void locks.request('something', () => new Promise(() => undefined));
  await settled();
  assert.deepEqual([...(await openViewings(locks))], []);
});

test('a browser without locks, or one that refuses them, knows of no viewing and breaks nothing', async () => {
  const refusing = { request: () => Promise.reject(new Error('no')), query: () => Promise.reject(new Error('no')) };
  for (const locks of [null, refusing as never]) {
    const lock = new ViewingLock('a', locks);
    await settled();
    assert.equal(lock.isHeld, false);
    assert.equal((await openViewings(locks)).size, 0);
    lock.release();
  }
});
