// What is told of where records are: the save state, the notes and playing itself together.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Keeping } from '../../../classroom/learning/static_src/lesson/keeping.ts';
import { Notices } from '../../../classroom/learning/static_src/lesson/notices.ts';
import type { Status } from '../../../classroom/learning/static_src/lesson/reporter.ts';
import { newPage, page } from './dom.ts';

const WORDS = new Proxy({} as Record<string, string>, {
  get: (_all, name) => (String(name).endsWith('_text') ? `${String(name)} {minutes}:{seconds}` : String(name)),
});
let store: { isAwaited: boolean };
let allowance: number;
let stopped: number;
let keeping: Keeping;

beforeEach(() => {
  newPage();
  for (const name of ['notice', 'notice-title', 'notice-text', 'save', 'save-text', 'save-way-out']) page.add(name);
  page.add('notice-action', 'button');
  [store, allowance, stopped] = [{ isAwaited: false }, 900_000, 0];
  keeping = new Keeping({
    words: WORDS, notices: new Notices(), store, signIn: '/sign-in/',
    allowance: () => allowance, buffered: () => 40_000, stop: () => (stopped += 1),
  });
});

const status = (state: Status['state'], lasts = true): Status =>
  ({ state, since: 0, waiting: 1, savedAt: 0, detail: '', lasts });
const note = () => (page.part('notice').hidden ? null : page.part('notice-title').textContent);
const text = () => page.part('notice-text').textContent;

test('a browser that refuses and one that does not answer are told apart, and neither once all is kept', () => {
  keeping.outlives(false);
  assert.equal(note(), 'memory_title');
  store.isAwaited = true;
  keeping.outlives(false);
  assert.equal(note(), 'silent_title');
  store.isAwaited = false;
  keeping.outlives(false);
  assert.equal(note(), 'memory_title');
  keeping.outlives(true);
  assert.equal(note(), null);
});

test('without a network one may watch what the browser has already; from a busy server the picture may still come', () => {
  keeping.show(status('offline'));
  assert.deepEqual([note(), text()], ['offline_title', 'offline_text 0:40']);
  keeping.show(status('busy'));
  assert.deepEqual([note(), text()], ['busy_title', 'busy_text 15:0']);
  keeping.show(status('offline'));
  assert.equal(note(), 'offline_title');
});

test('once the server has everything, neither is told any more', () => {
  for (const state of ['busy', 'offline'] as const) {
    keeping.show(status(state));
    keeping.show(status('saved'));
    assert.equal(note(), null);
  }
});

test('a busy server that was not heard from for too long stops playing as well, with the reason', () => {
  allowance = 0;
  keeping.show(status('busy'));
  assert.deepEqual([stopped, note()], [1, 'allowance_title']);
  keeping.show(status('saved'));
  assert.deepEqual([stopped, note()], [1, null]);
});

test('while nothing is cut off playing is left alone, however long ago the server was heard', () => {
  allowance = 0;
  for (const state of ['ready', 'saving', 'saved', 'resending', 'refused'] as const) keeping.show(status(state));
  assert.equal(stopped, 0);
});
