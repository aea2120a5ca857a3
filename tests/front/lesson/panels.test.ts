import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import type { Interval } from '../../../classroom/learning/static_src/lesson/api.ts';
import { Menu } from '../../../classroom/learning/static_src/lesson/menu.ts';
import type { Status } from '../../../classroom/learning/static_src/lesson/reporter.ts';
import { SaveState } from '../../../classroom/learning/static_src/lesson/save-state.ts';
import { shortcuts } from '../../../classroom/learning/static_src/lesson/shortcuts.ts';
import { Summary } from '../../../classroom/learning/static_src/lesson/summary.ts';
import { Transcript } from '../../../classroom/learning/static_src/lesson/transcript.ts';
import { FakeElement, newPage, page } from './dom.ts';

beforeEach(() => newPage());
afterEach(() => mock.timers.reset());

// The menu.

function menu(): { root: FakeElement; button: FakeElement; list: FakeElement; chosen: string[]; menu: Menu } {
  const [root, button, list] = [page.add('rate'), new FakeElement('button'), new FakeElement('div')];
  list.setAttribute('role', 'menu');
  list.hidden = true;
  root.append(button, list);
  const chosen: string[] = [];
  const made = new Menu(root as never, (value) => chosen.push(value));
  made.fill(['0.5', '1', '2'].map((value) => ({ value, label: `${value}×` })), '1');
  return { root, button, list, chosen, menu: made };
}

const checked = (list: FakeElement) =>
  list.children.filter((one) => one.getAttribute('aria-checked') === 'true').map((one) => one.textContent);

test('a menu opens at the choice that is in force and says that it is open', () => {
  const { button, list } = menu();
  assert.equal(list.hidden, true);
  button.click();
  assert.deepEqual([list.hidden, button.getAttribute('aria-expanded')], [false, 'true']);
  assert.equal(page.activeElement?.textContent, '1×');
  assert.deepEqual(checked(list), ['1×']);
  button.click();
  assert.deepEqual([list.hidden, button.getAttribute('aria-expanded')], [true, 'false']);
});

test('a choice is told once, marked, and the menu gives the focus back', () => {
  const { button, list, chosen } = menu();
  button.click();
  list.children[2]!.click();
  assert.deepEqual(chosen, ['2']);
  assert.deepEqual(checked(list), ['2×']);
  assert.deepEqual([list.hidden, page.activeElement === button], [true, true]);
});

for (const [key, from, to] of [
  ['ArrowDown', 1, 2], ['ArrowDown', 2, 0], ['ArrowUp', 0, 2], ['ArrowUp', 1, 0], ['Home', 2, 0], ['End', 0, 2],
] as const) {
  test(`in a menu ${key} goes from choice ${from} to ${to} and nowhere else`, () => {
    const { button, list } = menu();
    button.click();
    list.children[from]!.focus();
    const event = list.children[from]!.fire('keydown', { key });
    assert.equal(page.activeElement, list.children[to]);
    assert.deepEqual([event.defaultPrevented, event.stopped], [true, true]);
  });
}

test('escape closes a menu without choosing; other keys and a closed menu are left alone', () => {
  const { button, list, chosen } = menu();
  assert.equal(button.fire('keydown', { key: 'ArrowDown' }).defaultPrevented, false);
  button.click();
  assert.equal(list.children[0]!.fire('keydown', { key: 'x' }).defaultPrevented, false);
  list.children[0]!.fire('keydown', { key: 'Escape' });
  assert.deepEqual([list.hidden, chosen.length], [true, 0]);
});

test('a press elsewhere and the focus going elsewhere close a menu; inside they do not', () => {
  const { root, button, list } = menu();
  button.click();
  list.children[0]!.fire('pointerdown');
  root.fire('focusout', { relatedTarget: list.children[1] });
  assert.equal(list.hidden, false);
  root.fire('focusout', { relatedTarget: null });
  assert.equal(list.hidden, true);
  button.click();
  page.body.fire('pointerdown');
  assert.equal(list.hidden, true);
});

test('what is set from outside is marked without being told as chosen', () => {
  const made = menu();
  made.menu.value = '0.5';
  assert.deepEqual([checked(made.list), made.chosen], [['0.5×'], []]);
});

// Keys.

function pressed(key: string, target: FakeElement, more: Record<string, unknown> = {}): boolean {
  return target.fire('keydown', { key, shiftKey: false, ...more }).defaultPrevented;
}

test('keys belong to the player unless somebody is writing, choosing or pressing a button', () => {
  const ran: string[] = [];
  const player = page.add('player');
  const make = (tag: string, type = ''): FakeElement => {
    const made = new FakeElement(tag);
    made.type = type;
    page.body.append(made);
    return made;
  };
  shortcuts(player as never, (action) => ran.push(action));
  assert.equal(pressed('k', page.body), true);
  for (const [tag, type] of [['textarea', ''], ['select', ''], ['input', 'search'], ['input', 'text']]) {
    assert.equal(pressed('k', make(tag!, type)), false, `${tag} ${type}`);
  }
  assert.equal(pressed('m', make('input', 'range')), true);
  assert.equal(pressed('ArrowLeft', make('input', 'range')), false);
  for (const tag of ['button', 'a', 'summary']) {
    assert.equal(pressed(' ', make(tag)), false, tag);
    assert.equal(pressed('k', make(tag)), true, tag);
  }
  assert.deepEqual(ran, ['play', 'mute', 'play', 'play', 'play']);
});

test('arrows scroll the page unless the player has the focus', () => {
  const ran: string[] = [];
  const [player, other] = [page.add('player'), page.add('other')];
  const inside = new FakeElement('div');
  player.append(inside);
  shortcuts(player as never, (action) => ran.push(action));
  assert.equal(pressed('ArrowDown', other), false);
  assert.equal(pressed('ArrowDown', inside), true);
  assert.equal(pressed('ArrowRight', page.body), true);
  assert.deepEqual(ran, ['quieter', 'right']);
});

test('the browser keeps its own combinations, and an open dialog all keys', () => {
  const ran: string[] = [];
  shortcuts(page.add('player') as never, (action) => ran.push(action));
  for (const held of ['altKey', 'ctrlKey', 'metaKey']) assert.equal(pressed('f', page.body, { [held]: true }), false);
  const dialog = page.add('help', 'dialog');
  dialog.showModal();
  assert.equal(pressed('k', page.body), false);
  dialog.close();
  assert.equal(pressed('k', page.body), true);
  assert.deepEqual(ran, ['play']);
});

// Saving.

test('saving is drawn as it is, spoken only when it changes, with a way out where one is needed', () => {
  const root = page.add('save', 'p');
  const text = page.add('save-text', 'span');
  const way = page.add('save-way-out', 'a');
  const words = { save_saved: 'Saved {time}', save_offline: 'Kept here', save_signed_out: 'Sign in', save_refused: 'No: {detail}' };
  const state = new SaveState(words);
  let written = 0;
  const plain = Object.getOwnPropertyDescriptor(FakeElement.prototype, 'textContent')!;
  Object.defineProperty(text, 'textContent', {
    get: () => plain.get!.call(text), set: (value: string) => ((written += 1), plain.set!.call(text, value)),
  });
  const status = (name: Status['state']): Status => ({ state: name, waiting: 1, savedAt: 0, since: null, detail: 'late', lasts: true });
  const drawn: [Status['state'], string, boolean][] = [
    ['offline', 'offline', true], ['signed_out', 'failed', false], ['refused', 'failed', true], ['saved', 'saved', true],
  ];
  for (const [name, look, hidden] of drawn) {
    state.show(status(name));
    state.show(status(name));
    assert.deepEqual([root.dataset.state, way.hidden], [look, hidden], name);
  }
  assert.equal(written, 4);
});

// The figures and the gaps.

const FIGURES = {
  sum_verified: 'Verified {time}', sum_whole: 'whole', sum_ahead: 'ahead {ahead}', sum_gaps: '{count} gaps',
  sum_gaps_ahead: '{count} gaps, {ahead} ahead', gap_range: '{from} to {to}', gap_length: '{seconds} s', gaps_more: '{count} more',
};

function summary(): { draw: (gaps: Interval[]) => void; played: [number, number][] } {
  for (const name of ['verified', 'sentence', 'gaps', 'gaps-more']) page.add(name);
  const item = new FakeElement('li');
  const button = new FakeElement('button');
  button.append(new FakeElement('span', 'gap-range'), new FakeElement('span', 'gap-length'));
  item.append(button);
  page.template('gap-template', item);
  const played: [number, number][] = [];
  const made = new Summary(FIGURES, (start, end) => played.push([start, end]));
  return { played, draw: (gaps) => made.draw({ verified: [[0, 60_000]], missing: gaps, gaps, duration: 600_000 }) };
}

test('each gap is a button that plays exactly it', () => {
  const { draw, played } = summary();
  draw([[250_000, 292_000], [300_000, 300_200]]);
  const gaps = page.part('gaps');
  assert.deepEqual(gaps.children.map((one) => one.textContent), ['04:10 to 04:5242 s', '05:00 to 05:001 s']);
  gaps.children[1]!.querySelector('button')!.click();
  assert.deepEqual(played, [[300_000, 300_200]]);
  assert.equal(page.part('verified').textContent, 'Verified 01:00');
});

test('more gaps than a few are counted in words, and none leave no list', () => {
  const { draw } = summary();
  draw(Array.from({ length: 9 }, (_, n): Interval => [n * 20_000, n * 20_000 + 5_000]));
  assert.deepEqual([page.part('gaps').children.length, page.part('gaps-more').textContent], [6, '3 more']);
  draw([]);
  assert.deepEqual([page.part('gaps').hidden, page.part('gaps-more').hidden], [true, true]);
});

test('the buttons stay the same ones while nothing about them changes, so the focus stays', () => {
  const { draw } = summary();
  draw([[10_000, 20_000]]);
  const before = page.part('gaps').children[0];
  draw([[10_000, 20_000]]);
  assert.equal(page.part('gaps').children[0], before);
  before!.querySelector('button')!.focus();
  draw([[12_000, 20_000]]);
  assert.equal(page.activeElement, page.part('gaps').querySelector('button'));
});

// The transcript.

const CUES = [
  { start: 0, end: 4_000, text: '资质认定\n评审准则' }, { start: 4_000, end: 9_000, text: 'CMA 证书附表' },
  { start: 9_000, end: 12_000, text: '先查证书，再看日期' },
];

function transcript(): { made: Transcript; list: FakeElement; search: FakeElement; sought: number[] } {
  const [list, search] = [page.add('transcript', 'ol'), page.add('transcript-search', 'input')];
  page.add('transcript-empty');
  page.add('transcript-found');
  const sought: number[] = [];
  const words = { gap_line: '{from} to {to} not verified', found: '{count} found', found_none: 'none found' };
  const made = new Transcript(words, (ms) => sought.push(ms));
  made.fill(CUES as never, 'zh-Hans');
  return { made, list, search, sought };
}

function typed(search: FakeElement, text: string): void {
  search.value = text;
  search.fire('input');
}

test('every line is shown with its moment and leads there', () => {
  const { list, sought } = transcript();
  assert.deepEqual(list.children.map((one) => one.textContent), [
    '00:00资质认定 评审准则', '00:04CMA 证书附表', '00:09先查证书，再看日期',
  ]);
  list.children[1]!.querySelector('button')!.click();
  assert.deepEqual([sought, list.lang], [[4_000], 'zh-Hans']);
});

test('the line that is spoken is marked, one at a time, and takes the tabulator', () => {
  const { made, list } = transcript();
  const current = () => list.children.map((one) => one.getAttribute('data-current') !== null);
  made.follow(5_000);
  assert.deepEqual(current(), [false, true, false]);
  assert.equal(list.children[1]!.querySelector('button')!.getAttribute('aria-current'), 'true');
  made.follow(9_500);
  assert.deepEqual(current(), [false, false, true]);
  assert.deepEqual(list.children.map((one) => one.querySelector('button')!.getAttribute('tabindex')), ['-1', '-1', '0']);
});

test('searching keeps the lines that hold every word, marks them and counts', () => {
  const { list, search } = transcript();
  typed(search, 'ｃｍａ 证书');
  assert.deepEqual(list.children.map((one) => one.hidden), [true, false, true]);
  assert.deepEqual(list.querySelectorAll('mark').map((one) => one.textContent), ['CMA', '证书']);
  assert.equal(page.part('transcript-found').textContent, '1 found');
  typed(search, '没有这个');
  assert.equal(page.part('transcript-found').textContent, 'none found');
  search.fire('keydown', { key: 'Escape' });
  assert.deepEqual([search.value, list.children.some((one) => one.hidden)], ['', false]);
});

test('a line in a gap is marked, and only the first of the gap says which seconds are missing', () => {
  const { made, list } = transcript();
  made.mark([[2_000, 8_000]]);
  assert.deepEqual(list.children.map((one) => one.getAttribute('data-missing') !== null), [true, true, false]);
  const notes = list.querySelectorAll('[data-note]');
  assert.deepEqual(notes.map((one) => one.hidden), [false, true, true]);
  assert.equal(notes[0]!.textContent, '00:02 to 00:08 not verified');
  made.mark([]);
  assert.deepEqual(list.querySelectorAll('[data-note]').map((one) => one.hidden), [true, true, true]);
});

test('arrows walk the lines that are found and pass over the hidden ones', () => {
  const { list, search } = transcript();
  typed(search, '证书');
  list.children[1]!.querySelector('button')!.focus();
  list.children[1]!.fire('keydown', { key: 'ArrowDown' });
  assert.equal(page.activeElement, list.children[2]!.querySelector('button'));
  list.children[2]!.fire('keydown', { key: 'ArrowUp' });
  list.children[1]!.fire('keydown', { key: 'ArrowUp' });
  assert.equal(page.activeElement, list.children[1]!.querySelector('button'));
});

test('a lecture without captions says so and cannot be searched', () => {
  const { made, search } = transcript();
  made.fill([], '');
  assert.deepEqual([page.part('transcript-empty').hidden, search.disabled], [false, true]);
  made.follow(1_000);
  made.fill(CUES as never, 'zh-Hans');
  assert.deepEqual([page.part('transcript-empty').hidden, search.disabled], [true, false]);
});
