import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { type Pick, sentenceOf, setUpPicks } from '../../../classroom/reports/static_src/reports/picks.ts';

const MANY = '{count} chosen: {names}; {overdue} overdue';
const NONE = 'Tick people.';
const people = (...names: string[]): Pick[] => names.map((name, index) => ({ name, overdue: index }));

test('nobody ticked is the sentence that says what to do', () => {
  assert.equal(sentenceOf([], MANY, NONE, ', '), NONE);
});

test('up to three are named, and the overdue of all are summed', () => {
  assert.equal(sentenceOf(people('Ann'), MANY, NONE, ', '), '1 chosen: Ann; 0 overdue');
  assert.equal(sentenceOf(people('甲', '乙', '丙'), MANY, NONE, '、'), '3 chosen: 甲、乙、丙; 3 overdue');
});

test('from the fourth on an ellipsis stands for the rest, whose overdue still count', () => {
  assert.equal(sentenceOf(people('a', 'b', 'c', 'd'), MANY, NONE, ', '), '4 chosen: a, b, c, …; 6 overdue');
});

test('a name may hold what looks like a placeholder or a dollar sign', () => {
  assert.equal(sentenceOf(people('{overdue}'), MANY, NONE, ', '), '1 chosen: {overdue}; 0 overdue');
  assert.equal(sentenceOf(people('$&'), MANY, NONE, ', '), '1 chosen: $&; 0 overdue');
});

test('the pieces may stand in another order, as another language asks', () => {
  assert.equal(sentenceOf(people('甲', '乙'), '逾期 {overdue} 门，已选 {count} 人：{names}', NONE, '、'),
    '逾期 1 门，已选 2 人：甲、乙');
});

interface Box { dataset: Record<string, string>; checked: boolean }
type Listener = () => void;

/** As much of a form as the picks use: its boxes, its bar, its button, its events. */
class Form {
  boxes: Box[] = [];
  text: { textContent: string; dataset: Record<string, string> } | null
    = { textContent: '', dataset: { many: MANY, none: NONE } };
  clear: { hidden: boolean } | null = { hidden: true };
  listeners = new Map<string, Listener>();

  querySelector(selector: string): unknown {
    return selector === '.pick-bar__text' ? this.text : this.clear;
  }

  querySelectorAll(selector: string): Box[] {
    assert.equal(selector, 'input[name=person]:checked');
    return this.boxes.filter((box) => box.checked);
  }

  addEventListener(name: string, listener: Listener): void {
    this.listeners.set(name, listener);
  }

  tick(name: string, overdue?: string): Box {
    const box = { dataset: overdue === undefined ? { name } : { name, overdue }, checked: true };
    this.boxes.push(box);
    this.listeners.get('change')?.();
    return box;
  }
}

let form: Form;
const speak = (lang: string): void => {
  Object.assign(globalThis, { document: { documentElement: { lang } } });
};
const setUp = (): void => setUpPicks(form as unknown as HTMLFormElement);

beforeEach(() => {
  form = new Form();
  speak('en');
});

test('the bar says at once what the browser kept ticked', () => {
  form.tick('Ann', '2');
  setUp();
  assert.equal(form.text?.textContent, '1 chosen: Ann; 2 overdue');
  assert.equal(form.clear?.hidden, false);
});

test('the bar follows each tick and hides its button with the last one', () => {
  setUp();
  assert.equal(form.text?.textContent, NONE);
  assert.equal(form.clear?.hidden, true);
  const box = form.tick('Ann', '1');
  form.tick('Bob', '2');
  assert.equal(form.text?.textContent, '2 chosen: Ann, Bob; 3 overdue');
  form.boxes.forEach((one) => { one.checked = false; });
  form.listeners.get('change')?.();
  assert.equal(box.checked, false);
  assert.equal(form.text?.textContent, NONE);
  assert.equal(form.clear?.hidden, true);
});

test('names are listed as Chinese lists them on a Chinese page', () => {
  speak('zh-Hans');
  setUp();
  form.tick('甲', '0');
  form.tick('乙', '1');
  assert.equal(form.text?.textContent, '2 chosen: 甲、乙; 1 overdue');
});

test('a box that says nothing of overdue counts none', () => {
  setUp();
  form.tick('Ann');
  assert.equal(form.text?.textContent, '1 chosen: Ann; 0 overdue');
});

test('a reset is read after the browser has cleared the boxes', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  setUp();
  form.tick('Ann', '1');
  form.listeners.get('reset')?.();
  assert.equal(form.text?.textContent, '1 chosen: Ann; 1 overdue');
  form.boxes = [];
  mock.timers.tick(1);
  assert.equal(form.text?.textContent, NONE);
  mock.timers.reset();
});

test('a form without a bar is left alone', () => {
  form.text = null;
  setUp();
  assert.equal(form.listeners.size, 0);
});

test('a bar without a button still speaks', () => {
  form.clear = null;
  setUp();
  form.tick('Ann', '1');
  assert.equal(form.text?.textContent, '1 chosen: Ann; 1 overdue');
});
