import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asClock, crossed, ServerClock } from '../../../classroom/exams/static_src/exam/clock.ts';
import { Pending, type Shelf } from '../../../classroom/exams/static_src/exam/pending.ts';
import { type Reply, Sender } from '../../../classroom/exams/static_src/exam/sender.ts';
import { type Answer, fill } from '../../../classroom/exams/static_src/exam/types.ts';

class Memory implements Shelf {
  readonly kept = new Map<string, string>();
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

const answer = (version: number, revision = 1, choice = ['A']): Answer => ({ version, choice, is_flagged: false, revision });
const saved = (one: Answer): Reply => ({ kind: 'saved', saved: { ...one, saved_at: '', server_time: '', deadline_at: '' } });
const settled = () => new Promise((done) => setTimeout(done, 5));

test('what waits survives a closed page until the server has it', () => {
  const shelf = new Memory();
  const first = new Pending(7, shelf);
  first.put(answer(1));
  first.put(answer(2));
  first.put(answer(1, 2, ['B']));
  const second = new Pending(7, shelf);
  assert.deepEqual(second.all(), [answer(2), answer(1, 2, ['B'])]);
  assert.equal(new Pending(8, shelf).size, 0);
  second.settle(2, 1);
  second.settle(1, 1);
  assert.deepEqual(new Pending(7, shelf).all(), [answer(1, 2, ['B'])]);
  second.settle(1, 2);
  assert.equal(shelf.kept.size, 0);
});

test('a broken or forbidden storage loses nothing in memory', () => {
  const shelf = new Memory();
  for (const kept of ['not json', '{}', '[{"version":"x"}]', 'null']) {
    shelf.setItem('exam:7:pending', kept);
    assert.equal(new Pending(7, shelf).size, 0);
  }
  const full: Shelf = {
    getItem: () => {
      throw new Error('forbidden');
    },
    setItem: () => {
      throw new Error('full');
    },
    removeItem: () => undefined,
  };
  for (const one of [new Pending(7, full), new Pending(7, null)]) {
    one.put(answer(1));
    assert.equal(one.size, 1);
  }
  assert.equal(new Pending(7, null).isKept, false);
});

function sending(replies: (one: Answer) => Reply) {
  const pending = new Pending(1, null);
  const log: string[] = [];
  const sender = new Sender(pending, async (one) => replies(one), {
    sending: (one) => log.push(`send ${one.version}.${one.revision}`),
    replied: (one, reply) => log.push(`${reply.kind} ${one.version}.${one.revision}`),
  });
  return { pending, sender, log };
}

test('answers are sent one after the other and leave when acknowledged', async () => {
  const { pending, sender, log } = sending(saved);
  pending.put(answer(1));
  pending.put(answer(2));
  sender.kick();
  sender.kick();
  await settled();
  assert.deepEqual(log, ['send 1.1', 'saved 1.1', 'send 2.1', 'saved 2.1']);
  assert.equal(pending.size, 0);
});

test('an answer changed while it is sent is sent again', async () => {
  const { pending, sender, log } = sending((one) => {
    if (one.revision === 1) pending.put(answer(1, 2, ['C']));
    return saved(one);
  });
  pending.put(answer(1));
  sender.kick();
  await settled();
  assert.deepEqual(log.filter((line) => line.startsWith('saved')), ['saved 1.1', 'saved 1.2']);
  assert.equal(pending.size, 0);
});

for (const kind of ['away', 'signed-out'] as const) {
  test(`${kind}: it waits, is called unsaved, and goes when the server is back`, async () => {
    let isBack = false;
    const { pending, sender, log } = sending((one) => (isBack ? saved(one) : { kind }));
    pending.put(answer(1));
    sender.kick();
    await settled();
    assert.equal(pending.size, 1);
    assert.equal(sender.isAway, true);
    isBack = true;
    sender.kick();
    await settled();
    assert.equal(pending.size, 0);
    assert.equal(sender.isAway, false);
    assert.equal(log.at(-1), 'saved 1.1');
  });
}

test('a newer answer of another device stands; ours no longer waits', async () => {
  const { pending, sender } = sending((one) => ({ kind: 'newer', answer: answer(one.version, 9, ['D']) }));
  pending.put(answer(1, 3));
  sender.kick();
  await settled();
  assert.equal(pending.size, 0);
});

test('a closed exam stops the sending and keeps what was not taken', async () => {
  const { pending, sender, log } = sending(() => ({ kind: 'closed' }));
  pending.put(answer(1));
  pending.put(answer(2));
  sender.kick();
  await settled();
  assert.deepEqual(log, ['send 1.1', 'closed 1.1']);
  assert.equal(pending.size, 2);
});

test('the clock is the server\'s, carried on by the monotonic one', () => {
  const clock = new ServerClock(1_000_000, 500);
  assert.equal(clock.now(2500), 1_002_000);
  clock.sync(2_000_000, 3000, 3400);
  assert.equal(clock.now(3200), 2_000_000);
  assert.equal(clock.now(4200), 2_001_000);
});

test('time is shown and its thresholds are told once', () => {
  assert.equal(asClock(2241), '37:21');
  assert.equal(asClock(59.2), '01:00');
  assert.equal(asClock(4025), '1:07:05');
  assert.equal(asClock(-3), '00:00');
  assert.equal(crossed(601, 600), 600);
  assert.equal(crossed(600, 599), undefined);
  assert.equal(crossed(61, 59), 60);
  assert.equal(crossed(31, 30), 30);
  assert.equal(crossed(Number.POSITIVE_INFINITY, 4000), undefined);
});

test('names in braces are filled, unknown ones stay', () => {
  assert.equal(fill('第 {n} 题 {x}', { n: 3 }), '第 3 题 {x}');
  assert.equal(fill(undefined, {}), '');
});
