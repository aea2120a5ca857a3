import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Breaks } from '../../../classroom/learning/static_src/lesson/breaks.ts';
import type { Message } from '../../../classroom/learning/static_src/lesson/notices.ts';

const WORDS = { failed_title: 'Broken off', failed_network: 'No network.', failed_refused: 'Run out.', failed_media: 'No picture.', retry: 'Again' };
const realAdd = globalThis.addEventListener;
let done: string[];
let shown: Message | null;
let isShowing: boolean;
let network: EventTarget;
let breaks: Breaks;

beforeEach(() => {
  [done, shown, isShowing, network] = [[], null, false, new EventTarget()];
  Object.assign(globalThis, { addEventListener: network.addEventListener.bind(network) });
  breaks = new Breaks({
    words: WORDS,
    notices: { set: (_kind, message) => void (shown = message), clear: () => void (shown = null) },
    stage: (state) => done.push(state),
    isShowing: () => isShowing,
    retry: () => done.push('retry'),
    reopen: () => done.push('reopen'),
  });
});
afterEach(() => Object.assign(globalThis, { addEventListener: realAdd }));

const online = () => network.dispatchEvent(new Event('online'));
const retries = () => done.filter((one) => one === 'retry').length;

test('what the network broke is told, and tried again once that is back', () => {
  breaks.failed({ kind: 'network' });
  assert.deepEqual([done, shown?.text], [['failed'], 'No network.']);
  online();
  assert.deepEqual([done, shown], [['failed', 'loading', 'retry'], null]);
  online();
  assert.equal(retries(), 1);
});

test('after a retry by hand a network that comes back disturbs nothing', () => {
  breaks.failed({ kind: 'network' });
  shown!.act!();
  assert.equal(retries(), 1);
  online();
  assert.equal(retries(), 1);
});

test('three breaks on end are tried again once, not three times', () => {
  for (let time = 0; time < 3; time += 1) breaks.failed({ kind: 'network' });
  online();
  assert.equal(retries(), 1);
});

test('a viewing that was opened anew has nothing to do with the break before it', () => {
  breaks.failed({ kind: 'network' });
  breaks.over();
  online();
  assert.deepEqual([retries(), shown], [0, null]);
});

test('another kind of break in place of a network that was gone does not wait for it', () => {
  breaks.failed({ kind: 'network' });
  breaks.failed({ kind: 'media' });
  online();
  assert.deepEqual([retries(), shown?.text], [0, 'No picture.']);
});

test('a grant that ran out is renewed by itself, and told where that does not help', () => {
  for (let time = 0; time < 3; time += 1) breaks.failed({ kind: 'refused' });
  assert.deepEqual([done, shown?.text], [['reopen', 'reopen', 'failed'], 'Run out.']);
});

test('what is in the buffer is shown to its end', () => {
  isShowing = true;
  breaks.failed({ kind: 'network' });
  shown!.act!();
  assert.deepEqual(done, ['retry']);
});
