import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import type { Acknowledgement, Outcome, Report } from '../../../classroom/learning/static_src/lesson/api.ts';
import { Delivery } from '../../../classroom/learning/static_src/lesson/delivery.ts';
import { MemoryStore } from './memory-store.ts';
import { settled } from './dom.ts';

const OK: Outcome<Acknowledgement> = {
  kind: 'ok',
  value: {
    highest_seq: 0, coverage: [], furthest_ms: 0, refused: [], has_lease: true, presence: null,
    lesson_completed: false, course_completed: false, session_ms: 0,
  },
};
let store: MemoryStore;
let sent: string[];
let arrived: number;
let answer: (report: Report) => Outcome<Acknowledgement>;
let delivery: Delivery;
const realNavigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator')!;

beforeEach(async () => {
  // A browser that cannot tell which pages live.
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  [store, sent, arrived, answer] = [new MemoryStore(), [], 0, () => OK];
  mock.timers.enable({ apis: ['setTimeout'] });
  for (const [session, seq] of [['b', 0], ['b', 1], ['c', 0], ['own', 0]] as const) {
    await store.put({ session, seq, spans: [], position_ms: 0, person: 'p', at: 0 });
  }
  delivery = new Delivery({
    store, person: 'p', current: () => 'own',
    post: async (report) => (sent.push(`${report.session}${report.seq}`), answer(report)),
    delivered: () => (arrived += 1),
  });
});
afterEach(() => {
  mock.timers.reset();
  Object.defineProperty(globalThis, 'navigator', realNavigator);
});

async function wait(ms: number): Promise<void> {
  mock.timers.tick(ms);
  for (let round = 0; round < 4; round += 1) await settled();
}

test('what was left is sent once, however many ask at the same time, and nothing of the page\'s own', async () => {
  await Promise.all([delivery.run(), delivery.run()]);
  assert.deepEqual([sent, arrived], [['b0', 'b1', 'c0'], 1]);
  await delivery.run();
  assert.deepEqual([sent.length, arrived], [3, 1]);
});

test('a server that says when to come back is left alone until then, and gets the rest by itself', async () => {
  answer = ({ seq }) => (seq === 0 ? OK : { kind: 'later', offline: false, after: 90_000 });
  await delivery.run();
  assert.deepEqual([sent, arrived], [['b0', 'b1'], 1], 'not another report after that');
  answer = () => OK;
  await wait(89_999);
  assert.equal(sent.length, 2);
  await wait(5_001);
  assert.deepEqual([sent.slice(2), (await store.all('p')).length], [['b1', 'c0'], 1]);
});

test('a busy server that does not say when is asked again after a minute', async () => {
  answer = () => ({ kind: 'later', offline: false });
  await delivery.run();
  const before = sent.length;
  answer = () => OK;
  await wait(59_999);
  assert.equal(sent.length, before);
  await wait(5_001);
  assert.deepEqual((await store.all('p')).map((row) => row.session), ['own']);
});

test('without a network no clock runs: that it is back is told by the browser', async () => {
  answer = () => ({ kind: 'later', offline: true });
  await delivery.run();
  await wait(600_000);
  assert.deepEqual([sent, arrived], [['b0'], 0]);
});
