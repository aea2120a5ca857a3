import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as edit from '../../../media/static_src/captions/cues.ts';
import type { Cue, Edited } from '../../../media/static_src/captions/cues.ts';
import { History } from '../../../media/static_src/captions/history.ts';

const cue = (start: number, end: number, text: string, settings = ''): Cue => ({ start, end, text, settings });
const three: Edited = { cues: [cue(0, 1000, 'one'), cue(1000, 4000, 'two words'), cue(5000, 6000, 'three')], at: 1 };
const brief = ({ cues, at }: Edited): unknown => [at, ...cues.map(({ start, end, text }) => [start, end, text])];

test('a cue is split at the cursor and its time by the length of the words', () => {
  const made = edit.split(three, 4)!;
  assert.deepEqual(brief(made), [2, [0, 1000, 'one'], [1000, 2125, 'two'], [2125, 4000, 'words'], [5000, 6000, 'three']]);
});

test('where the video stands inside the cue is where it is cut', () => {
  assert.equal(edit.split(three, 4, 3500)!.cues[1]!.end, 3500);
  for (const outside of [500, 1050, 3950, 9000]) assert.equal(edit.split(three, 4, outside)!.cues[1]!.end, 2125);
});

test('no split leaves a side without words or without time', () => {
  for (const place of [0, 9]) assert.equal(edit.split(three, place), null);
  assert.equal(edit.split({ cues: [cue(0, 199, 'ab')], at: 0 }, 1), null);
  const lopsided = edit.split({ cues: [cue(0, 1000, `a${'b'.repeat(200)}`)], at: 0 }, 1)!;
  assert.equal(lopsided.cues[0]!.end, edit.LEAST_MS);
  assert.equal(edit.split({ cues: [], at: -1 }, 0), null);
});

test('two cues are joined over the pause between them and keep the first place', () => {
  const placed: Edited = { cues: [cue(0, 9000, 'a', 'line:1'), cue(5000, 6000, 'b', 'line:2')], at: 0 };
  assert.deepEqual(edit.merge(placed), { cues: [cue(0, 9000, 'a\nb', 'line:1')], at: 0 });
  assert.deepEqual(brief(edit.merge(three)!), [1, [0, 1000, 'one'], [1000, 6000, 'two words\nthree']]);
  assert.equal(edit.merge({ ...three, at: 2 }), null);
  assert.equal(edit.merge({ cues: [cue(0, 1, ''), cue(1, 2, 'b')], at: 0 })!.cues[0]!.text, 'b');
});

test('what was split is joined again to the same words and times', () => {
  for (let place = 1; place < 9; place += 1) {
    const halves = edit.split(three, place)!;
    const whole = edit.merge({ ...halves, at: 1 })!.cues[1]!;
    assert.deepEqual([whole.start, whole.end], [1000, 4000]);
    assert.equal(whole.text.replace(/\s/g, ''), 'twowords');
  }
});

test('a new cue begins where the video stands and ends before the next one', () => {
  assert.deepEqual(brief(edit.insert(three, 4200.4)), [2, [0, 1000, 'one'], [1000, 4000, 'two words'], [4200, 5000, ''], [5000, 6000, 'three']]);
  assert.deepEqual(edit.insert(three, 4950).cues[2], cue(4950, 5050, ''));
  assert.deepEqual(edit.insert(three, 7000), { cues: [...three.cues, cue(7000, 9000, '')], at: 3 });
  assert.deepEqual(edit.insert({ cues: [], at: -1 }, -3), { cues: [cue(0, 2000, '')], at: 0 });
});

test('after one is taken out the next is chosen, at the end the last', () => {
  assert.deepEqual(brief(edit.remove(three)), [1, [0, 1000, 'one'], [5000, 6000, 'three']]);
  assert.equal(edit.remove({ ...three, at: 2 }).at, 1);
  assert.deepEqual(edit.remove({ cues: [cue(0, 1, 'a')], at: 0 }), { cues: [], at: -1 });
  assert.deepEqual(edit.remove({ cues: [], at: -1 }), { cues: [], at: -1 });
});

test('all are shifted, or those from one on, never before the beginning', () => {
  assert.deepEqual(brief(edit.shifted(three, 0, 2500) as Edited), [1, [2500, 3500, 'one'], [3500, 6500, 'two words'], [7500, 8500, 'three']]);
  assert.deepEqual(brief(edit.shifted(three, 2, -1000) as Edited), [1, [0, 1000, 'one'], [1000, 4000, 'two words'], [4000, 5000, 'three']]);
  assert.equal(edit.shifted(three, 1, -1001), 1000);
  assert.deepEqual(brief(edit.shifted(three, 1, -1000) as Edited).toString(), '1,0,1000,one,0,3000,two words,4000,5000,three');
  assert.deepEqual(edit.shifted({ cues: [], at: -1 }, 0, -9), { cues: [], at: -1 });
});

test('the chosen one stays chosen when others pass it', () => {
  const moved = edit.ordered(edit.changed(three, { start: 7000, end: 8000 }));
  assert.deepEqual(brief(moved), [2, [0, 1000, 'one'], [5000, 6000, 'three'], [7000, 8000, 'two words']]);
});

test('changing one leaves all others as they were, the very same', () => {
  const made = edit.changed(three, { text: 'other' });
  assert.equal(made.cues[0], three.cues[0]);
  assert.equal(made.cues[2], three.cues[2]);
  assert.equal(three.cues[1]!.text, 'two words');
});

test('the cue on the picture is the last that began and has not ended', () => {
  const found = [-1, 0, 999, 1000, 3999, 4000, 5000, 6000].map((ms) => edit.showing(three.cues, ms));
  assert.deepEqual(found, [-1, 0, 0, 1, 1, -1, 2, -1]);
  const around = [cue(0, 9000, 'long'), cue(1000, 2000, 'inside')];
  assert.deepEqual([500, 1500, 2500].map((ms) => edit.showing(around, ms)), [0, 1, 0]);
});

test('typing is one step, what follows elsewhere another, and both can be undone and done again', () => {
  const history = new History(three);
  for (const text of ['t', 'tw', 'two']) history.take(edit.changed(history.now, { text }), 'text');
  history.choose(0);
  history.take(edit.changed(history.now, { text: 'first' }), 'text');
  history.take(edit.merge(history.now)!);
  assert.equal(history.now.cues.length, 2);
  const texts = (): string => history.now.cues.map(({ text }) => text).join('|');
  const seen = [];
  while (history.undo()) seen.push(texts());
  assert.deepEqual(seen, ['first|two|three', 'one|two|three', 'one|two words|three']);
  assert.equal(history.canUndo, false);
  while (history.redo());
  assert.equal(texts(), 'first\ntwo|three');
});

test('a new step after undoing forgets what was undone', () => {
  const history = new History(three);
  history.take(edit.remove(history.now));
  history.undo();
  history.take(edit.changed(history.now, { text: 'new' }));
  assert.equal(history.canRedo, false);
  assert.equal(history.redo(), false);
  history.take({ ...history.now, at: 0 });
  history.undo();
  assert.equal(history.canUndo, false);
});
