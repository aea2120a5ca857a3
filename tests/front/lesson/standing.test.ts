import assert from 'node:assert/strict';
import { test } from 'node:test';

import { actions, type Deeds } from '../../../classroom/learning/static_src/lesson/actions.ts';
import type { Interval } from '../../../classroom/learning/static_src/lesson/api.ts';
import { actionOf } from '../../../classroom/learning/static_src/lesson/shortcuts.ts';
import { Standing } from '../../../classroom/learning/static_src/lesson/standing.ts';

function standing(coverage: Interval[], pending: Interval[] = [], freeSeek = false): Standing {
  const made = new Standing({ duration: 180_000, tolerance: 1_500, freeSeek }, () => pending);
  made.take({ coverage, furthest_ms: coverage.at(-1)?.[1] ?? 0 });
  return made;
}

test('what was shown is what is verified and what still waits for the server', () => {
  const one = standing([[0, 60_000]], [[55_000, 75_000]]);
  assert.deepEqual(one.shown, [[0, 75_000]]);
  assert.deepEqual(one.missing, [[75_000, 180_000]]);
  assert.equal(one.isVerified(59_999), true);
  assert.equal(one.isVerified(60_000), false);
});

test('a gap lies behind the furthest point; playing exactly it leaves none', () => {
  const pending: Interval[] = [];
  const one = standing([[0, 60_000], [90_000, 100_000]], pending);
  assert.deepEqual(one.gaps, [[60_000, 90_000]]);
  pending.push([60_000, 90_000]);
  assert.deepEqual(one.gaps, []);
  assert.deepEqual(one.missing, [[100_000, 180_000]]);
});

test('a part that was refused is a gap as soon as something behind it was shown, and the key goes there', () => {
  const pending: Interval[] = [];
  const one = new Standing({ duration: 180_000, tolerance: 1_500, freeSeek: false }, () => pending);
  one.take({ coverage: [[0, 60_000]], furthest_ms: 60_000 });
  assert.deepEqual(one.gaps, []);
  one.take({ coverage: [[0, 60_000]], furthest_ms: 60_000, waiting: [[70_000, 180_000]] });
  assert.deepEqual(one.gaps, [[60_000, 70_000]]);
  assert.deepEqual(one.missing, [[60_000, 70_000]], 'of what waits nothing has to be played again');
  assert.deepEqual([one.pending, one.limit], [[[70_000, 180_000]], 180_000]);
  assert.equal(one.isVerified(80_000), false);
  const played: string[] = [];
  const run = actions({ ...({} as Deeds), position: () => 180_000, gaps: () => one.gaps, playGap: (s, e) => played.push(`${s}-${e}`) });
  run.next_gap!();
  assert.deepEqual(played, ['60000-70000']);
  pending.push([60_000, 70_000]);
  assert.deepEqual(one.missing, []);
  pending.length = 0;
  one.take({ coverage: [[0, 180_000]], furthest_ms: 180_000, waiting: [] });
  assert.deepEqual([one.gaps, one.missing, one.pending], [[], [], []]);
});

test('an answer that says nothing of what waits knows of none', () => {
  const one = standing([[0, 60_000]]);
  one.take({ coverage: [[0, 60_000]], furthest_ms: 60_000, waiting: [[70_000, 90_000]] });
  one.take({ coverage: [[0, 60_000]], furthest_ms: 60_000 });
  assert.deepEqual([one.limit, one.gaps], [60_000, []]);
});

test('a first view goes no further than it came, and what plays now may go on', () => {
  const one = standing([[0, 60_000]]);
  assert.equal(one.limit, 60_000);
  assert.deepEqual(one.allowed(30_000, 0), { to: 30_000, isHeld: false });
  assert.deepEqual(one.allowed(60_250, 0), { to: 60_250, isHeld: false });
  assert.deepEqual(one.allowed(60_251, 0), { to: 60_000, isHeld: true });
  assert.deepEqual(one.allowed(150_000, 64_000), { to: 64_000, isHeld: true });
  assert.deepEqual(one.allowed(64_100, 64_000), { to: 64_100, isHeld: false });
});

test('what was shown and is not acknowledged may be jumped in', () => {
  assert.equal(standing([[0, 60_000]], [[60_000, 80_000]]).limit, 80_000);
});

test('a jump ends within the lecture', () => {
  const one = standing([[0, 180_000]]);
  assert.deepEqual(one.allowed(-5, 0), { to: 0, isHeld: false });
  assert.deepEqual(one.allowed(999_000, 0), { to: 180_000, isHeld: false });
});

test('a course that lets one jump lets one jump, as soon as its grant says so', () => {
  const one = standing([]);
  assert.equal(one.allowed(100_000, 0).isHeld, true);
  one.freeSeek = true;
  assert.deepEqual(one.allowed(100_000, 0), { to: 100_000, isHeld: false });
  one.freeSeek = false;
  assert.equal(one.limit, 0);
});

test('what is held for a question counts as reached, though not as verified', () => {
  const one = standing([]);
  one.take({ coverage: [[0, 30_000]], furthest_ms: 60_000 });
  assert.equal(one.limit, 60_000);
  assert.equal(one.isVerified(45_000), false);
  assert.deepEqual(one.missing, [[30_000, 180_000]]);
});

test('playing begins where it was left, not ahead of it, and anew where it was at its end', () => {
  const one = standing([[0, 60_000]]);
  assert.equal(one.begin(45_123), 45_123);
  assert.equal(one.begin(90_000), 60_000);
  assert.equal(one.begin(178_000), 0);
  assert.equal(one.begin(177_999), 60_000);
  assert.equal(one.begin(-1), 0);
  assert.equal(standing([[0, 180_000]]).begin(177_999), 177_999);
});

test('the server\'s word replaces what was known, even where it is less', () => {
  const one = standing([[0, 90_000]]);
  one.take({ coverage: [[0, 30_000]], furthest_ms: 30_000 });
  assert.equal(one.limit, 30_000);
  assert.deepEqual(one.missing, [[30_000, 180_000]]);
});

// Keys.

function deeds(position: number, gaps: Interval[]): { done: string[]; run: Record<string, () => void> } {
  const done: string[] = [];
  const note = (name: string) => (...given: unknown[]): void => void done.push([name, ...given].join(' '));
  const all: Deeds = {
    position: () => position,
    gaps: () => gaps,
    chapters: [0, 50_000, 120_000],
    toggle: note('toggle'), seek: note('seek'), playGap: note('gap'), volume: note('volume'),
    mute: note('mute'), captions: note('captions'), fullscreen: note('fullscreen'), pip: note('pip'),
    rate: note('rate'), search: note('search'), help: note('help'),
  };
  return { done, run: actions(all) };
}

test('every key that means something does something, and each its own', () => {
  const { done, run } = deeds(60_000, [[10_000, 12_000], [90_000, 95_000]]);
  const keys = [' ', 'j', 'l', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'm', 'c', 'f', 'p', '>', '<', 'n', '[', '/', '?'];
  for (const key of keys) {
    const action = actionOf({ key, shiftKey: false });
    assert.ok(action && run[action], key);
    run[action]!();
  }
  assert.deepEqual(done, [
    'toggle', 'seek 50000', 'seek 70000', 'seek 55000', 'seek 65000', 'volume 0.1', 'volume -0.1', 'mute',
    'captions', 'fullscreen', 'pip', 'rate 1', 'rate -1', 'gap 90000 95000', 'gap 10000 12000', 'search', 'help',
  ]);
});

test('shift with an arrow walks the chapters, the plain arrows the seconds', () => {
  const { done, run } = deeds(60_000, []);
  for (const key of ['ArrowLeft', 'ArrowRight']) run[actionOf({ key, shiftKey: true })!]!();
  assert.deepEqual(done, ['seek 50000', 'seek 120000']);
  const last = deeds(170_000, []);
  last.run.next_chapter!();
  assert.deepEqual(last.done, []);
});

test('without gaps the gap keys do nothing', () => {
  const { done, run } = deeds(60_000, []);
  run.next_gap!();
  run.previous_gap!();
  assert.deepEqual(done, []);
});

test('the keys read the place anew at each press', () => {
  let at = 0;
  const sought: number[] = [];
  const run = actions({ ...({} as Deeds), position: () => at, gaps: () => [], seek: (ms) => sought.push(ms) });
  run.forward!();
  at = 30_000;
  run.forward!();
  assert.deepEqual(sought, [10_000, 40_000]);
});
