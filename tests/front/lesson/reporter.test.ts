import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import type { Acknowledgement, Outcome, Report } from '../../../classroom/learning/static_src/lesson/api.ts';
import { deliver } from '../../../classroom/learning/static_src/lesson/delivery.ts';
import { Reporter, type Status } from '../../../classroom/learning/static_src/lesson/reporter.ts';
import { MemoryStore } from './memory-store.ts';

const ANSWER: Acknowledgement = {
  highest_seq: 0, coverage: [], furthest_ms: 0, refused: [], has_lease: true, presence: null,
  lesson_completed: false, course_completed: false, session_ms: 0,
};
const span = (s: number, e: number) => ({ s, e, t0: s, t1: e, rate: 1 });

let clock = 0;
let open = true;
let store: MemoryStore;
let sent: Report[];
let left: Report[];
let states: Status[];
let chance = 0.5;
let network: (report: Report) => Outcome<Acknowledgement>;

function reporter(session = 'a'): Reporter {
  return new Reporter({
    session, person: 'p', store, allowance: 900_000,
    clock: () => clock, now: () => 1_000_000 + clock, position: () => clock, start: 0, isOpen: () => open,
    post: async (report, leaving) => {
      (leaving ? left : sent).push(structuredClone(report));
      return network(report);
    },
    changed: (status) => states.push(status),
    acknowledged: () => undefined,
    chance: () => chance,
  });
}

beforeEach(() => {
  [clock, open, store, sent, left, states] = [0, true, new MemoryStore(), [], [], []];
  network = () => ({ kind: 'ok', value: ANSWER });
});

test('spans wait on the device, joined, and go out after fifteen seconds', async () => {
  const one = reporter();
  for (const s of [0, 5000, 10_000]) await one.add(span(s, s + 5000));
  await one.tick();
  assert.equal(sent.length, 0);
  assert.equal((await store.all('p')).length, 1);
  clock = 15_000;
  await one.tick();
  assert.deepEqual(sent.map((r) => [r.seq, r.spans]), [[0, [span(0, 15_000)]]]);
  assert.deepEqual(await store.all('p'), []);
  assert.equal(one.status.state, 'saved');
  assert.equal(one.status.savedAt, 1_015_000);
});

for (const [name, go] of [
  ['left', async (one: Reporter) => one.leave()],
  ['hidden', (one: Reporter) => one.hide()],
] as const) {
  test(`a place that one went to without playing is told when the page is ${name}, once, and no lesser move is`, async () => {
    const told = () => [...sent, ...left].map((r) => [r.spans.length, r.position_ms]);
    const one = reporter();
    clock = 999;
    await go(one);
    assert.deepEqual(told(), []);
    clock = 1_000;
    await go(one);
    await one.flush();
    const [first, ...again] = told();
    assert.deepEqual(first, [0, 1_000]);
    assert.ok(again.every((row) => row[1] === 1_000));
    const before = told().length;
    await go(one);
    assert.equal(told().length, before);
  });
}

test('where other pages cannot know of this one, what is once in the store never changes', async () => {
  open = false;
  const one = reporter();
  await one.add(span(0, 5000));
  await one.add(span(5000, 10_000));
  assert.deepEqual((await store.all('p')).map((row) => [row.seq, row.spans]), [
    [0, [span(0, 5000)]], [1, [span(5000, 10_000)]],
  ]);
});

test('nothing is forgotten before it is acknowledged', async () => {
  network = () => ({ kind: 'later', offline: true });
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  assert.equal(one.status.state, 'offline');
  assert.equal(one.status.waiting, 1);
  assert.equal((await store.all('p')).length, 1);
  network = () => ({ kind: 'ok', value: ANSWER });
  await one.flush();
  assert.equal(one.status.state, 'saved');
  assert.equal(one.status.since, null);
  assert.deepEqual(states.map((s) => s.state), ['saving', 'saving', 'offline', 'resending', 'saved']);
});

test('a report that was once sent never changes', async () => {
  network = () => ({ kind: 'later', offline: true });
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  await one.add(span(5000, 10_000));
  network = () => ({ kind: 'ok', value: ANSWER });
  await one.flush();
  assert.deepEqual(sent.map((r) => [r.seq, r.spans]), [
    [0, [span(0, 5000)]], [0, [span(0, 5000)]], [1, [span(5000, 10_000)]],
  ]);
});

test('what the disk did not take is told not to be kept, until the server has everything', async () => {
  const lasting = Object.assign(store, { lasts: true });
  const put = store.put.bind(store);
  store.put = async () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
  const one = reporter();
  assert.equal(one.status.lasts, true);
  await one.add(span(0, 5000));
  assert.equal(one.status.lasts, false);
  lasting.put = put;
  await one.add(span(5000, 6000));
  network = () => ({ kind: 'later', offline: true });
  await one.flush();
  assert.deepEqual([one.status.state, one.status.lasts], ['offline', false]);
  network = () => ({ kind: 'ok', value: ANSWER });
  await one.flush();
  assert.deepEqual([one.status.state, one.status.lasts], ['saved', true]);
});

test('in a browser that keeps nothing, nothing is ever told to be kept', async () => {
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  assert.deepEqual([one.status.state, one.status.lasts], ['saved', false]);
});

test('failures back off instead of hammering', async () => {
  network = () => ({ kind: 'later', offline: false });
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  for (clock = 0; clock < 60_000; clock += 1000) await one.tick();
  assert.ok(sent.length <= 6, `${sent.length} tries in a minute`);
});

/** The moments (s) of the next `count` tries. */
async function tries(one: Reporter, count: number): Promise<number[]> {
  const moments: number[] = [];
  for (const end = clock + 600_000; clock < end && moments.length < count; clock += 500) {
    const before = sent.length;
    await one.tick();
    if (sent.length > before) moments.push(clock / 1000);
  }
  return moments;
}

test('pages that failed at the same moment do not come back at the same moment', async () => {
  network = () => ({ kind: 'later', offline: false });
  const moments: number[][] = [];
  for (chance of [0, 0.999]) {
    [clock, sent] = [0, []];
    const one = reporter(`s${chance}`);
    await one.add(span(0, 5000));
    await one.flush();
    moments.push(await tries(one, 4));
  }
  chance = 0.5;
  assert.deepEqual(moments, [[1.5, 4.5, 10.5, 22], [2.5, 7.5, 17.5, 36.5]]);
});

test('a busy server is told as one, and kept apart from no network', async () => {
  const one = reporter();
  network = () => ({ kind: 'later', offline: false });
  await one.add(span(0, 5000));
  await one.flush();
  assert.deepEqual([one.status.state, one.status.since, one.status.waiting], ['busy', 1_000_000, 1]);
  network = () => ({ kind: 'later', offline: true });
  clock = 5_000;
  await one.flush();
  assert.deepEqual([one.status.state, one.status.since], ['offline', 1_000_000], 'nothing got through since then');
});

test('a server that says when to come back is left alone until then, whatever happens on the page', async () => {
  network = () => ({ kind: 'later', offline: false, after: 60_000 });
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  assert.equal(sent.length, 1);
  for (clock = 1_000; clock < 60_000; clock += 9_000) {
    await one.add(span(clock, clock + 1000));
    await one.flush();
    await one.contact(true);
    await one.hide();
    await one.tick();
  }
  assert.equal(sent.length, 1);
  assert.ok((await store.all('p')).length > 1, 'and everything is kept');
  network = () => ({ kind: 'ok', value: ANSWER });
  clock = 59_999;
  await one.flush();
  assert.equal(sent.length, 1);
  clock = 62_500;
  await one.tick();
  assert.deepEqual([one.status.state, await store.all('p')], ['saved', []], 'then all of it goes at once');
});

test('who leaves meanwhile hands over all the same: this page has no later', async () => {
  network = () => ({ kind: 'later', offline: false, after: 60_000 });
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  one.leave();
  assert.equal(left.length, 1);
});

test('once the device has kept everything after all, it is told at once', async () => {
  const one = reporter();
  await one.add(span(0, 5000));
  one.kept();
  assert.deepEqual(states.map((status) => [status.state, status.lasts]), [['saving', false]], 'not before it has');
  store.lasts = true;
  one.kept();
  one.kept();
  assert.deepEqual(states.slice(1).map((status) => [status.state, status.lasts]), [['saving', true]]);
});

test('an expired sign-in is told and everything is kept', async () => {
  network = () => ({ kind: 'signed_out' });
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  assert.equal(one.status.state, 'signed_out');
  assert.equal((await store.all('p')).length, 1);
});

test('a refused report does not hold up the next', async () => {
  network = (r) => (r.seq === 0 ? { kind: 'refused', status: 422, detail: '不行' } : { kind: 'ok', value: ANSWER });
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  assert.equal(one.status.state, 'refused');
  assert.equal(one.status.detail, '不行');
  await one.add(span(5000, 6000));
  await one.flush();
  assert.deepEqual([one.status.state, one.status.detail], ['refused', '不行'], 'not all is saved');
  assert.deepEqual(sent.map((r) => r.seq), [0, 1, 0], 'asked once more, and not for ever');
  assert.deepEqual((await store.all('p')).map((row) => row.seq), [0], 'and it stays on the device');
});

test('what was refused while somebody else was signed in is taken afterwards', async () => {
  network = () => ({ kind: 'refused', status: 404, detail: '不是你的' });
  const one = reporter();
  await one.add(span(0, 5000));
  await one.flush();
  network = () => ({ kind: 'ok', value: ANSWER });
  await one.contact(true);
  assert.deepEqual(sent.map((r) => [r.seq, r.spans.length]), [[0, 1], [1, 0], [0, 1]]);
  assert.deepEqual([one.status.state, await store.all('p')], ['saved', []]);
});

test('leaving hands over everything and keeps a copy until it is acknowledged', async () => {
  const one = reporter();
  await one.add(span(0, 3000));
  one.leave();
  assert.deepEqual(left.map((r) => r.spans), [[span(0, 3000)]]);
  assert.equal((await store.all('p')).length, 1);
});

test('the allowance runs from the last answer', async () => {
  const one = reporter();
  clock = 600_000;
  assert.equal(one.allowanceLeft, 300_000);
  await one.contact();
  assert.equal(one.allowanceLeft, 900_000);
  assert.deepEqual(sent.map((r) => r.spans), [[]]);
  clock += 10_000;
  await one.contact();
  assert.equal(sent.length, 1, 'no contact where there was one just now');
});

test('what a crashed page left is delivered in order, by its own person only', async () => {
  const crashed = reporter('b');
  network = () => ({ kind: 'later', offline: true });
  await crashed.add(span(0, 5000));
  await crashed.flush();
  await crashed.add(span(5000, 8000));
  sent = [];
  network = () => ({ kind: 'ok', value: ANSWER });
  const post = async (report: Report) => (sent.push(report), network(report));
  assert.equal(await deliver(store, 'other', 'a', post, 0), 0);
  assert.equal(sent.length, 0);
  assert.equal(await deliver(store, 'p', 'a', post, 0), 0);
  assert.deepEqual(sent.map((r) => r.seq), [0, 1]);
  assert.deepEqual(await store.all('p'), []);
});

test('delivering stops where the network does and says what still waits', async () => {
  await store.put({ session: 'b', seq: 0, spans: [], position_ms: 0, person: 'p', at: 0 });
  await store.put({ session: 'b', seq: 1, spans: [], position_ms: 0, person: 'p', at: 0 });
  const post = async (r: Report): Promise<Outcome<Acknowledgement>> =>
    r.seq === 0 ? { kind: 'ok', value: ANSWER } : { kind: 'later', offline: true };
  assert.equal(await deliver(store, 'p', 'a', post, 0), 1);
  assert.equal((await store.all('p'))[0]!.seq, 1);
});

test('a report that the server always fails at holds up neither its own viewing nor the others', async () => {
  for (const [session, seq] of [['b', 0], ['b', 1], ['c', 0]] as const) {
    await store.put({ session, seq, spans: [], position_ms: 0, person: 'p', at: 0 });
  }
  const post = async (r: Report): Promise<Outcome<Acknowledgement>> =>
    r.session === 'b' && r.seq === 0 ? { kind: 'later', offline: false } : { kind: 'ok', value: ANSWER };
  assert.equal(await deliver(store, 'p', 'a', post, 0), 1);
  assert.deepEqual((await store.all('p')).map((row) => [row.session, row.seq]), [['b', 0]]);
});

test('a server in trouble is asked twice for each viewing, and by a clock that was years behind nothing is lost', async () => {
  for (let seq = 0; seq < 9; seq += 1) {
    await store.put({ session: 'b', seq, spans: [], position_ms: 0, person: 'p', at: 0 });
  }
  let tries = 0;
  const post = async (): Promise<Outcome<Acknowledgement>> => ((tries += 1), { kind: 'later', offline: false });
  assert.equal(await deliver(store, 'p', 'a', post, 0), 9);
  assert.deepEqual([tries, (await store.all('p')).length], [2, 9]);
  await deliver(store, 'p', 'a', post, 26 * 365 * 24 * 3600 * 1000);
  assert.equal((await store.all('p')).length, 9);
});

test('what the server refuses is kept for a week and then cleared', async () => {
  await store.put({ session: 'b', seq: 0, spans: [], position_ms: 0, person: 'p', at: 0 });
  const post = async (): Promise<Outcome<Acknowledgement>> => ({ kind: 'refused', status: 404, detail: '' });
  await deliver(store, 'p', 'a', post, 1000);
  assert.equal((await store.all('p')).length, 1);
  await deliver(store, 'p', 'a', post, 8 * 24 * 3600 * 1000);
  assert.equal((await store.all('p')).length, 0);
});

test('a database that was taken away holds up no lesson', async () => {
  store.all = async () => Promise.reject(new DOMException('gone', 'InvalidStateError'));
  assert.equal(await deliver(store, 'p', 'a', async () => ({ kind: 'ok', value: ANSWER }), 0), 0);
});
