import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Chapters, indexAt, nextStart, previousStart, Slides } from '../../../classroom/learning/static_src/lesson/marks.ts';
import { SlideHits } from '../../../classroom/learning/static_src/lesson/slide-hits.ts';
import { FakeElement, newPage, page } from './dom.ts';

const STARTS = [0, 60_000, 150_000];

beforeEach(() => newPage());

// Which chapter.

for (const [ms, index, before, after] of [
  [0, 0, 0, 60_000], [2_999, 0, 0, 60_000], [59_999, 0, 0, 60_000], [60_000, 1, 0, 150_000],
  [63_000, 1, 0, 150_000], [63_001, 1, 60_000, 150_000], [150_000, 2, 60_000, null], [900_000, 2, 150_000, null],
] as const) {
  test(`at ${ms} ms chapter ${index} runs, back leads to ${before}, on to ${after}`, () => {
    assert.deepEqual([indexAt(STARTS, ms), previousStart(STARTS, ms), nextStart(STARTS, ms)], [index, before, after]);
  });
}

test('before the first chapter there is only a next one, and without chapters none at all', () => {
  assert.deepEqual([indexAt([5_000], 4_999), previousStart([5_000], 4_999), nextStart([5_000], 4_999)], [-1, null, 5_000]);
  assert.deepEqual([previousStart([], 1), nextStart([], 1)], [null, null]);
});

// The lists.

function list(name: string, count: number): { entries: FakeElement[]; stage: FakeElement; scrolled: unknown[] } {
  const root = page.add(name, 'ol');
  const scrolled: unknown[] = [];
  const stage = Object.assign(page.add('stage'), {
    getBoundingClientRect: () => ({ bottom: 300 }),
    scrollIntoView: (how: unknown) => scrolled.push(how),
  });
  const entries = Array.from({ length: count }, (_, index) => {
    const entry = new FakeElement('a');
    entry.dataset.index = String(index);
    const ahead = new FakeElement('span', 'ahead');
    ahead.hidden = true;
    entry.append(new FakeElement('span', 'slide-frame'), ahead);
    root.append(entry);
    return entry;
  });
  return { entries, stage, scrolled };
}

const CHAPTERS = STARTS.map((start_ms, index) => ({ start_ms, title: `Chapter ${index}` }));
const current = (entries: FakeElement[]) => entries.map((one) => one.getAttribute('aria-current') === 'true');

test('the chapter that runs is marked, one at a time', () => {
  const { entries } = list('chapters', 3);
  const made = new Chapters(CHAPTERS, () => undefined);
  made.follow(61_000);
  assert.deepEqual(current(entries), [false, true, false]);
  made.follow(900_000);
  assert.deepEqual(current(entries), [false, false, true]);
});

test('between two slides none is marked', () => {
  const { entries } = list('slides', 2);
  const at = (start_ms: number, end_ms: number) => ({ start_ms, end_ms, text: '', file: 'a.webp' });
  const made = new Slides([at(0, 10_000), at(20_000, 30_000)], () => undefined);
  for (const [ms, marked] of [
    [9_999, [true, false]], [10_000, [false, false]], [20_000, [false, true]], [30_000, [false, false]],
  ] as const) {
    made.follow(ms);
    assert.deepEqual(current(entries), [...marked], String(ms));
  }
});

test('an entry leads to its moment in this page; with a key held it stays the link that it is', () => {
  const { entries } = list('chapters', 3);
  const sought: number[] = [];
  new Chapters(CHAPTERS, (ms) => sought.push(ms));
  assert.equal(entries[2]!.children[0]!.click().defaultPrevented, true);
  assert.deepEqual(sought, [150_000]);
  for (const key of ['ctrlKey', 'metaKey', 'shiftKey']) {
    assert.equal(entries[1]!.fire('click', { [key]: true }).defaultPrevented, false, key);
  }
  assert.deepEqual(sought, [150_000]);
});

test('a jump brings the picture back on the screen, and leaves the page alone where it can be seen', () => {
  const { entries, stage, scrolled } = list('chapters', 3);
  new Chapters(CHAPTERS, () => undefined);
  entries[1]!.click();
  assert.equal(scrolled.length, 0);
  Object.assign(stage, { getBoundingClientRect: () => ({ bottom: 0 }) });
  entries[1]!.click();
  assert.deepEqual(scrolled, [{ block: 'start' }]);
});

test('what lies beyond the furthest point says so, and no longer once it was reached', () => {
  const { entries } = list('chapters', 3);
  const made = new Chapters(CHAPTERS, () => undefined);
  const told = () => entries.map((one) => !one.querySelector('[data-part="ahead"]')!.hidden);
  made.reach(59_749);
  assert.deepEqual(told(), [false, true, true]);
  made.reach(59_750);
  assert.deepEqual(told(), [false, false, true]);
  made.reach(180_000);
  assert.deepEqual(told(), [false, false, false]);
});

test('a lecture without chapters has no list, and nothing breaks', () => {
  const made = new Chapters([], () => assert.fail());
  made.follow(1_000);
  made.reach(0);
  assert.deepEqual(made.starts, []);
});

test('pictures come from under the grant; those that are there outlive it, those that are not are asked anew', () => {
  Object.assign(globalThis, { location: { href: 'http://site.test/learn/1/x/' } });
  const { entries } = list('slides', 2);
  const slide = (start_ms: number) => ({ start_ms, end_ms: start_ms + 1, text: '', file: `slides/${start_ms}.webp` });
  const made = new Slides([slide(0), slide(5_000)], () => undefined);
  const pictures = () => entries.map((one) => one.querySelector('img') as unknown as HTMLImageElement);
  made.pictures('/stream/one/enc/master.m3u8');
  assert.deepEqual(pictures().map(({ src }) => src), [
    'http://site.test/stream/one/enc/slides/0.webp', 'http://site.test/stream/one/enc/slides/5000.webp',
  ]);
  Object.assign(pictures()[0]!, { complete: true, naturalWidth: 320 });
  Object.assign(pictures()[1]!, { complete: true, naturalWidth: 0 });
  made.pictures('/stream/two/enc/master.m3u8');
  assert.deepEqual(pictures().map(({ src }) => src), [
    'http://site.test/stream/one/enc/slides/0.webp', 'http://site.test/stream/two/enc/slides/5000.webp',
  ]);
});

// Words on slides.

function hits(): { made: SlideHits; list: FakeElement; panel: FakeElement; sought: number[] } {
  const [panel, found] = [page.add('slide-hits'), page.add('slide-hits-list', 'ol')];
  const sought: number[] = [];
  const slides = [
    { start_ms: 0, end_ms: 1, text: '分 包 的 三 个 前提\nCMA 证书', file: '' },
    { start_ms: 61_000, end_ms: 1, text: 'Subcontracting: ask before, not after', file: '' },
  ];
  return { made: new SlideHits(slides, (ms) => sought.push(ms)), list: found, panel, sought };
}

test('words are found on slides whatever spaces were read between them, and each hit leads to its slide', () => {
  const { made, list: found, panel, sought } = hits();
  assert.deepEqual([made.find(['分包']), made.find(['ｃｍａ'.normalize('NFKC')]), made.find(['包的', 'cma'])], [1, 1, 1]);
  assert.equal(made.find(['subcontracting']), 1);
  assert.equal(found.textContent, '01:01Subcontracting: ask before, not after');
  assert.deepEqual(found.querySelectorAll('mark').map((one) => one.textContent), ['Subcontracting']);
  assert.equal(panel.hidden, false);
  found.querySelector('button')!.click();
  assert.deepEqual(sought, [61_000]);
});

test('without words, and without a slide that has them all, there is no list of slides', () => {
  const { made, list: found, panel } = hits();
  made.find(['cma']);
  for (const wanted of [[], ['cma', 'subcontracting']]) {
    assert.equal(made.find(wanted), 0);
    assert.deepEqual([found.children.length, panel.hidden], [0, true]);
  }
});
