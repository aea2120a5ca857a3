import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import type { Answered, Outcome, Presence } from '../../../classroom/learning/static_src/lesson/api.ts';
import { PresenceCheck } from '../../../classroom/learning/static_src/lesson/presence.ts';
import { newPage, page, settled } from './dom.ts';

const WORDS = { presence_left: '{time} left', presence_missed: 'Time is over', presence_failed: 'Not sent yet' };
let said: string[];
let answer: Outcome<Answered>;
let extension: Outcome<Presence>;
let check: PresenceCheck;
let now = 0;
const realNow = performance.now;

beforeEach(() => {
  newPage();
  page.add('presence', 'dialog');
  page.add('presence-left', 'p');
  page.add('presence-said', 'p');
  page.add('presence-answer', 'button');
  page.add('presence-extend', 'button');
  [said, now] = [[], 0];
  answer = { kind: 'ok', value: { is_passed: true } };
  extension = { kind: 'ok', value: { id: 'a', seconds_left: 100 } };
  performance.now = () => now;
  mock.timers.enable({ apis: ['setTimeout'] });
  check = new PresenceCheck(WORDS, {
    answer: async (id) => (said.push(`answer ${id}`), answer),
    extend: async (id) => (said.push(`extend ${id}`), extension),
    missed: () => said.push('missed'),
    answered: (missed) => said.push(missed ? 'answered late' : 'answered'),
  });
});

afterEach(() => {
  mock.timers.reset();
  performance.now = realNow;
});

function pass(seconds: number): void {
  for (let second = 0; second < seconds; second += 1) {
    now += 1000;
    mock.timers.tick(1000);
  }
}

const left = () => page.part('presence-left').textContent;
const heard = () => page.part('presence-said').textContent;
const open = () => page.part('presence').open;

test('a question opens the dialog once and counts down', () => {
  assert.equal(check.ask({ id: 'a', seconds_left: 60 }), true);
  assert.deepEqual([open(), check.isOpen, left()], [true, true, '01:00 left']);
  pass(15);
  assert.equal(left(), '00:45 left');
  assert.equal(check.ask({ id: 'a', seconds_left: 44 }), false);
  pass(1);
  assert.equal(left(), '00:43 left');
});

test('an answer closes it and says so once', async () => {
  check.ask({ id: 'a', seconds_left: 60 });
  page.part('presence-answer').click();
  await settled();
  assert.deepEqual(said, ['answer a', 'answered']);
  assert.deepEqual([open(), check.isOpen], [false, false]);
  pass(120);
  assert.deepEqual(said, ['answer a', 'answered'], 'no time runs out afterwards');
});

test('pressing twice before the answer comes back does no harm', async () => {
  check.ask({ id: 'a', seconds_left: 60 });
  page.part('presence-answer').click();
  page.part('presence-answer').click();
  await settled();
  assert.equal(said.filter((one) => one === 'answer a').length, 2);
  assert.equal(open(), false);
});

test('when the time is over playing stops once, and the question stays to be answered', async () => {
  check.ask({ id: 'a', seconds_left: 60 });
  pass(59);
  assert.deepEqual(said, []);
  pass(3);
  assert.deepEqual(said, ['missed']);
  assert.deepEqual([left(), heard(), open(), page.part('presence-extend').hidden], ['', 'Time is over', true, true]);
  answer = { kind: 'ok', value: { is_passed: false } };
  page.part('presence-answer').click();
  await settled();
  assert.deepEqual(said, ['missed', 'answer a', 'answered late']);
});

test('more time is shown as the server gives it', async () => {
  check.ask({ id: 'a', seconds_left: 10 });
  page.part('presence-extend').click();
  await settled();
  assert.deepEqual(said, ['extend a']);
  assert.equal(left(), '01:40 left');
  pass(99);
  assert.deepEqual(said, ['extend a']);
});

test('more time that is refused leaves what there was', async () => {
  extension = { kind: 'refused', status: 409, detail: 'no' };
  check.ask({ id: 'a', seconds_left: 10 });
  page.part('presence-extend').click();
  await settled();
  assert.equal(left(), '00:10 left');
});

for (const outcome of [{ kind: 'later', offline: true }, { kind: 'signed_out' }] as const) {
  test(`an answer that did not arrive (${outcome.kind}) leaves the question open and says so`, async () => {
    answer = outcome;
    check.ask({ id: 'a', seconds_left: 60 });
    page.part('presence-answer').click();
    await settled();
    assert.deepEqual([open(), heard()], [true, 'Not sent yet']);
    pass(5);
    assert.deepEqual([heard(), left()], ['Not sent yet', '00:55 left'], 'the clock does not wipe it away');
    answer = { kind: 'ok', value: { is_passed: true } };
    page.part('presence-answer').click();
    await settled();
    assert.equal(open(), false);
  });
}

test('a question that is not open any more closes, so that nobody is stuck before it', async () => {
  answer = { kind: 'refused', status: 404, detail: '' };
  check.ask({ id: 'a', seconds_left: 60 });
  page.part('presence-answer').click();
  await settled();
  assert.deepEqual([open(), said.at(-1)], [false, 'answered']);
});

test('another question in place of a missed one counts anew, with one clock', () => {
  check.ask({ id: 'a', seconds_left: 5 });
  pass(6);
  assert.equal(check.ask({ id: 'b', seconds_left: 60 }), true);
  assert.equal(page.part('presence-extend').hidden, false);
  pass(10);
  assert.equal(left(), '00:50 left');
  pass(52);
  assert.deepEqual(said, ['missed', 'missed']);
});

test('an answer to the question that stands for a missed one is late all the same, the next one is not', async () => {
  check.ask({ id: 'a', seconds_left: 5 });
  pass(6);
  check.ask({ id: 'b', seconds_left: 60 });
  page.part('presence-answer').click();
  await settled();
  assert.deepEqual(said, ['missed', 'answer b', 'answered late']);
  check.ask({ id: 'c', seconds_left: 60 });
  page.part('presence-answer').click();
  await settled();
  assert.equal(said.at(-1), 'answered');
});

test('after an answer no clock of an earlier question goes on', async () => {
  check.ask({ id: 'a', seconds_left: 5 });
  pass(6);
  check.ask({ id: 'b', seconds_left: 60 });
  page.part('presence-answer').click();
  await settled();
  said.length = 0;
  const text = left();
  pass(120);
  assert.deepEqual([said, left()], [[], text]);
});

test('escape is no answer', () => {
  check.ask({ id: 'a', seconds_left: 60 });
  assert.equal(page.part('presence').fire('cancel').defaultPrevented, true);
  assert.equal(check.isOpen, true);
});

test('a question that the browser closed all the same stands again at once', () => {
  check.ask({ id: 'a', seconds_left: 60 });
  page.part('presence').close();
  page.part('presence').fire('close');
  assert.deepEqual([open(), check.isOpen], [true, true]);
});

test('a question that is not on the screen is shown when the server tells it again, and is no new one', () => {
  check.ask({ id: 'a', seconds_left: 60 });
  page.part('presence').close();
  assert.equal(check.ask({ id: 'a', seconds_left: 50 }), false);
  assert.equal(open(), true);
});

test('an answered question stays closed', async () => {
  check.ask({ id: 'a', seconds_left: 60 });
  page.part('presence-answer').click();
  await settled();
  page.part('presence').fire('close');
  assert.equal(open(), false);
});

test('what is spoken is what changed, not each second; a new question or more time begins in silence', async () => {
  check.ask({ id: 'a', seconds_left: 5 });
  pass(4);
  assert.equal(heard(), '');
  pass(2);
  assert.equal(heard(), 'Time is over');
  page.part('presence-extend').click();
  page.part('presence-answer').click();
  await settled();
  check.ask({ id: 'b', seconds_left: 60 });
  assert.equal(heard(), '');
});

test('what a miss costs stays on the screen while the question that stands for it waits', () => {
  check.ask({ id: 'a', seconds_left: 5 });
  pass(6);
  check.ask({ id: 'b', seconds_left: 60 });
  assert.deepEqual([heard(), left()], ['Time is over', '01:00 left']);
});

test('a question in place of another was missed by the clock of the server, whatever the one here says', async () => {
  check.ask({ id: 'a', seconds_left: 60 });
  check.ask({ id: 'b', seconds_left: 60 });
  assert.equal(heard(), 'Time is over');
  page.part('presence-answer').click();
  await settled();
  assert.equal(said.at(-1), 'answered late');
});

test('an answer that the server took for too late is late', async () => {
  answer = { kind: 'ok', value: { is_passed: false } };
  check.ask({ id: 'a', seconds_left: 60 });
  page.part('presence-answer').click();
  await settled();
  assert.deepEqual(said, ['answer a', 'answered late']);
});

test('an answer that the server still took in time is none too late, whatever the clock here says', async () => {
  check.ask({ id: 'a', seconds_left: 5 });
  pass(6);
  page.part('presence-answer').click();
  await settled();
  assert.deepEqual(said, ['missed', 'answer a', 'answered']);
});

test('where the server no longer knows the question, the clock here says whether it was too late', async () => {
  answer = { kind: 'refused', status: 404, detail: '' };
  check.ask({ id: 'a', seconds_left: 5 });
  pass(6);
  page.part('presence-answer').click();
  await settled();
  assert.equal(said.at(-1), 'answered late');
});

test('the buttons do nothing while nothing is asked', async () => {
  page.part('presence-answer').click();
  page.part('presence-extend').click();
  await settled();
  assert.deepEqual(said, []);
});

// To the moment.

/** Let time pass in steps as small as a timer can be late or early; returns when playing stopped. */
function until(ms: number): number | null {
  for (; now < ms; now += 1) {
    mock.timers.tick(1);
    if (said.includes('missed')) return now + 1;
  }
  return null;
}

for (const [seconds, end] of [[5, 5_000], [4.25, 4_250], [0.3, 300]] as const) {
  test(`with ${seconds} s left playing stops when they are over, not up to a second later`, () => {
    check.ask({ id: 'a', seconds_left: seconds });
    const stopped = until(9_000);
    assert.ok(stopped !== null && stopped >= end && stopped <= end + 2, `at ${stopped}`);
  });
}

test('the seconds change when they do, whenever the server told them', () => {
  check.ask({ id: 'a', seconds_left: 10.4 });
  until(300);
  assert.equal(left(), '00:11 left');
  until(403);
  assert.equal(left(), '00:10 left');
  until(1_403);
  assert.equal(left(), '00:09 left');
});

test('time that the server corrects is met as exactly, whether it is less or more', () => {
  check.ask({ id: 'a', seconds_left: 60 });
  until(500);
  check.ask({ id: 'a', seconds_left: 1.2 });
  assert.equal(left(), '00:02 left');
  until(1_000);
  check.ask({ id: 'a', seconds_left: 3 });
  const stopped = until(9_000);
  assert.ok(stopped !== null && stopped >= 4_000 && stopped <= 4_002, `at ${stopped}`);
});

test('a timer that comes early ends nothing', () => {
  check.ask({ id: 'a', seconds_left: 1 });
  now = 999;
  mock.timers.tick(1000);
  assert.deepEqual(said, []);
  now = 1_001;
  mock.timers.tick(2);
  assert.deepEqual(said, ['missed']);
});
