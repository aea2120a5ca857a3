// Whose turn it is, and when all is done.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AT_ONCE, isAllDone, isBusy, isRunning, startable, type State } from '../../../media/static_src/uploader/queue.ts';

const STATES: State[] = ['waiting', 'sending', 'paused', 'retrying', 'done', 'failed'];

test('two begin, the rest waits for its turn', () => {
  assert.deepEqual(startable(['waiting', 'waiting', 'waiting']), [0, 1]);
  assert.deepEqual(startable(['sending', 'waiting', 'waiting']), [1]);
  assert.deepEqual(startable(['sending', 'sending', 'waiting']), []);
});

test('one that is trying again keeps its place, one that is paused or failed gives it up', () => {
  assert.deepEqual(startable(['retrying', 'retrying', 'waiting']), []);
  assert.deepEqual(startable(['paused', 'failed', 'waiting', 'waiting']), [2, 3]);
  assert.deepEqual(startable(['done', 'sending', 'waiting', 'waiting']), [2]);
});

test('more than may run at once were asked for by a person: nothing further begins', () => {
  assert.deepEqual(startable(['sending', 'sending', 'sending', 'waiting', 'waiting']), []);
});

test('nothing that is not waiting ever begins by itself', () => {
  for (const state of STATES) assert.deepEqual(startable([state]), state === 'waiting' ? [0] : []);
  assert.deepEqual(startable([]), []);
});

test('however a list goes on, never more than the places run and all are done in the end', () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 200; round += 1) {
    const states: State[] = Array.from({ length: 1 + random(8) }, () => 'waiting');
    let steps = 0;
    while (!isAllDone(states)) {
      assert.ok((steps += 1) < 500, 'it comes to an end');
      for (const index of startable(states)) states[index] = 'sending';
      assert.ok(states.filter(isBusy).length <= AT_ONCE);
      const running = states.flatMap((state, index) => (isBusy(state) ? [index] : []));
      const one = running[random(running.length)]!;
      states[one] = random(4) === 0 ? 'retrying' : 'done';
    }
  }
});

test('an empty list is not done, and one that failed keeps the page as it is', () => {
  assert.equal(isAllDone([]), false);
  assert.equal(isAllDone(['done', 'failed']), false);
  assert.equal(isAllDone(['done', 'paused']), false);
  assert.equal(isAllDone(['done', 'done']), true);
});

test('the button stops what runs or is about to, and sets going what does not', () => {
  assert.deepEqual(STATES.filter(isRunning), ['waiting', 'sending', 'retrying']);
  assert.deepEqual(STATES.filter(isBusy), ['sending', 'retrying']);
});
