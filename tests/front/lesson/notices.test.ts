import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { brokenOff, cutOff, held, taken, unopened } from '../../../classroom/learning/static_src/lesson/messages.ts';
import type { Notices as NoticesType } from '../../../classroom/learning/static_src/lesson/notices.ts';
import type { Status } from '../../../classroom/learning/static_src/lesson/reporter.ts';
import { newPage, page } from './dom.ts';

const WORDS = {
  offline_title: 'Offline since {time}.', offline_text: '{minutes} min {seconds} s more.',
  offline_unkept: 'Stay here, {minutes} min.', signed_out_unkept: 'Sign in and stay here.',
  signed_out_title: 'Signed out {time}.', signed_out_text: 'Sign in, {minutes} min {seconds} s.',
  busy_title: 'Busy since {time}.', busy_text: 'Sent again, {minutes} min.', busy_unkept: 'Stay here, busy.',
  seek_title: 'Not yet', seek_text: 'Up to {time}.',
  unopened_title: 'Not opened', unopened_text: 'Try again.', unopened_signed_out: 'Sign in first.', unopened_busy: 'In a moment.',
  sign_in: 'Sign in', retry: 'Again',
  failed_title: 'Broken off', failed_network: 'No network.', failed_unsupported: 'Not in this browser.',
  lease_title: 'Elsewhere', lease_text: 'Another device plays.', lease_action: 'Play here',
  memory_title: 'Not kept', memory_text: 'Only until the page is left.',
  allowance_title: 'Stopped', allowance_text: 'Too long offline.',
};
const SINCE = new Date(2026, 8, 18, 14, 32, 8).getTime();
const status = (state: Status['state'], since: number | null = SINCE): Status =>
  ({ state, since, waiting: 1, savedAt: null, detail: '', lasts: true });

let notices: NoticesType;

beforeEach(async () => {
  newPage();
  for (const name of ['notice', 'notice-title', 'notice-text']) page.add(name);
  page.add('notice-action', 'button');
  const { Notices } = await import('../../../classroom/learning/static_src/lesson/notices.ts');
  notices = new Notices();
});

const shown = () => page.part('notice').hidden ? null : page.part('notice-title').textContent;

// Words.

for (const [left, text] of [
  [900_000, '15 min 0 s more.'], [61_999, '1 min 1 s more.'], [999, '0 min 0 s more.'], [-5, '0 min 0 s more.'],
] as const) {
  test(`with ${left} ms left one is told: ${text}`, () => {
    assert.deepEqual(cutOff(status('offline'), left, WORDS), { title: 'Offline since 14:32:08.', text });
  });
}

test('an expired sign-in is told apart from no network, and all else is no cutting off', () => {
  assert.equal(cutOff(status('signed_out'), 60_000, WORDS)?.text, 'Sign in, 1 min 0 s.');
  for (const state of ['ready', 'saving', 'saved', 'resending', 'refused'] as const) {
    assert.equal(cutOff(status(state), 60_000, WORDS), null, state);
  }
  assert.equal(cutOff(status('offline', null), 60_000, WORDS), null);
});

test('a server that has no time is not told as no network', () => {
  assert.deepEqual(cutOff(status('busy'), 60_000, WORDS), { title: 'Busy since 14:32:08.', text: 'Sent again, 1 min.' });
  assert.equal(cutOff({ ...status('busy'), lasts: false }, 60_000, WORDS)?.text, 'Stay here, busy.');
  assert.deepEqual(unopened({ kind: 'later', offline: false }, WORDS), {
    title: 'Not opened', text: 'In a moment.', action: 'Again',
  });
});

test('where nothing is kept one is not told that it were', () => {
  const told = (state: Status['state']) => cutOff({ ...status(state), lasts: false }, 60_000, WORDS)?.text;
  assert.deepEqual([told('offline'), told('signed_out')], ['Stay here, 1 min.', 'Sign in and stay here.']);
});

test('a jump that is held back says how far one may go', () => {
  assert.deepEqual(held(95_400, WORDS), { title: 'Not yet', text: 'Up to 01:35.' });
});

test('a viewing that was not opened gives the server\'s reason, or else a way out', () => {
  assert.deepEqual(unopened({ kind: 'refused', status: 409, detail: 'No longer enrolled.' }, WORDS), {
    title: 'Not opened', text: 'No longer enrolled.', action: 'Again',
  });
  assert.equal(unopened({ kind: 'refused', status: 404, detail: '' }, WORDS).text, 'Try again.');
  assert.equal(unopened({ kind: 'later', offline: true }, WORDS).text, 'Try again.');
  const out = unopened({ kind: 'signed_out' }, WORDS);
  assert.deepEqual([out.text, out.action], ['Sign in first.', 'Sign in']);
});

test('what cannot be played here is not offered again', () => {
  assert.equal(brokenOff('network', WORDS).action, 'Again');
  assert.deepEqual(brokenOff('unsupported', WORDS), {
    title: 'Broken off', text: 'Not in this browser.', action: undefined,
  });
  assert.equal(taken(WORDS).action, 'Play here');
});

// One note at a time.

test('nothing is shown until there is something to tell, and nothing after it is over', () => {
  notices.set('offline', { title: 'Offline', text: '' });
  assert.equal(shown(), 'Offline');
  notices.clear('offline');
  assert.equal(shown(), null);
});

test('where several hold, what stops playing goes first, whatever came first', () => {
  const order = ['silent', 'memory', 'refused', 'seek', 'busy', 'offline', 'failed', 'allowance', 'lease'] as const;
  for (const kind of order) {
    notices.set(kind, { title: kind, text: '' });
    assert.equal(shown(), kind, `${kind} covers those before it`);
    assert.equal(page.part('notice').dataset.kind, kind);
  }
  for (const kind of [...order].reverse()) {
    assert.equal(shown(), kind);
    notices.clear(kind);
  }
  assert.equal(shown(), null);
});

test('a lesser one that comes later waits until the greater is over', () => {
  notices.set('lease', { title: 'Elsewhere', text: '' });
  notices.set('seek', { title: 'Not yet', text: '' });
  assert.equal(shown(), 'Elsewhere');
  notices.clear('lease');
  assert.equal(shown(), 'Not yet');
});

test('the button does what the shown note asks and nothing of the others', () => {
  const done: string[] = [];
  notices.set('offline', { title: 'a', text: '', action: 'Sign in', act: () => done.push('sign in') });
  notices.set('lease', { title: 'b', text: '', action: 'Play here', act: () => done.push('here') });
  assert.equal(page.part('notice-action').textContent, 'Play here');
  page.part('notice-action').click();
  notices.clear('lease');
  page.part('notice-action').click();
  assert.deepEqual(done, ['here', 'sign in']);
});

test('a note without a way out has no button, and an old way out is not left behind', () => {
  const done: string[] = [];
  notices.set('failed', { title: 'a', text: '', action: 'Again', act: () => done.push('again') });
  assert.equal(page.part('notice-action').hidden, false);
  notices.set('failed', { title: 'a', text: '' });
  assert.equal(page.part('notice-action').hidden, true);
  page.part('notice-action').click();
  assert.deepEqual(done, []);
});

test('a note that only says something has the words named after it', () => {
  notices.note('memory', WORDS);
  assert.equal(shown(), 'Not kept');
  notices.note('allowance', WORDS);
  assert.deepEqual([shown(), page.part('notice-text').textContent], ['Stopped', 'Too long offline.']);
  assert.equal(notices.has('memory'), true);
  assert.equal(notices.has('seek'), false);
});

test('clearing what does not hold changes nothing', () => {
  notices.set('seek', { title: 'Not yet', text: '' });
  notices.clear('offline', 'lease');
  assert.equal(shown(), 'Not yet');
});
