import assert from 'node:assert/strict';
import { test } from 'node:test';

import { matches, pieces, terms } from '../../../classroom/learning/static_src/lesson/search.ts';
import { clock, fill, seconds, timeOfDay } from '../../../classroom/learning/static_src/lesson/words.ts';
import { boxes, minus, percent, thumbnail } from '../../../classroom/learning/static_src/lesson/ruler.ts';
import { actionOf } from '../../../classroom/learning/static_src/lesson/shortcuts.ts';
import type { Interval } from '../../../classroom/learning/static_src/lesson/api.ts';

test('messages take values by name and leave alone what they were not given', () => {
  assert.equal(fill('{from} 至 {to}', { from: '04:10', to: '04:52' }), '04:10 至 04:52');
  assert.equal(fill('{count} {other}', { count: 3 }), '3 {other}');
  assert.equal(fill('无'), '无');
});

test('clocks cut off what is no whole second', () => {
  assert.equal(clock(758_999), '12:38');
  assert.equal(clock(3_723_000), '1:02:03');
  assert.equal(clock(-4), '00:00');
  assert.equal(timeOfDay(new Date(2026, 8, 18, 4, 2, 8)), '04:02:08');
});

test('a gap under a second is one second to play', () => {
  assert.equal(seconds(200), 1);
  assert.equal(seconds(42_400), 42);
});

test('the transcript is searched by words in any order, whatever their width and case', () => {
  assert.deepEqual(terms('  CMA　证书 '), ['cma', '证书']);
  assert.equal(matches('先查证书附表，看 ＣＭＡ 范围', terms('cma 证书')), true);
  assert.equal(matches('先查证书附表', terms('cma 证书')), false);
  assert.equal(matches('什么都有', terms('')), true);
});

test('what was found is parted from what was not, marks of expressions included', () => {
  assert.deepEqual(pieces('查证书，再查证书附表', ['证书']), ['查', '证书', '，再查', '证书', '附表']);
  assert.deepEqual(pieces('a.b(c)', ['.b(']), ['a', '.b(', 'c)']);
  assert.deepEqual(pieces('整行', []), ['整行']);
});

test('a second of an hour still shows on the ruler', () => {
  assert.equal(percent(1000, 3_600_000), '0.028%');
  assert.equal(percent(5000, 0), '0%');
  assert.equal(percent(9, 5), '100%');
  assert.deepEqual(boxes([[0, 500], [750, 1000]], 1000), [
    { x: '0%', width: '50%' },
    { x: '75%', width: '25%' },
  ]);
});

test('only what is not yet verified is drawn lighter', () => {
  const verified: Interval[] = [[0, 10], [20, 30]];
  assert.deepEqual(minus([[5, 25]], verified), [[10, 20]]);
  assert.deepEqual(minus([[25, 40]], verified), [[30, 40]]);
  assert.deepEqual(minus([[0, 10]], verified), []);
  assert.deepEqual(minus([[12, 18], [40, 50]], []), [[12, 18], [40, 50]]);
});

test('a storyboard entry says where its picture lies', () => {
  assert.deepEqual(thumbnail('sprite-0.jpg#xywh=160,90,160,90', 'https://a.test/s/x/storyboard.vtt'), {
    url: 'https://a.test/s/x/sprite-0.jpg', x: 160, y: 90, width: 160, height: 90,
  });
  assert.equal(thumbnail('no picture', 'https://a.test/'), null);
});

test('keys have one meaning each, and most keys none', () => {
  const key = (name: string) => actionOf({ key: name, shiftKey: false });
  assert.equal(key(' '), 'play');
  assert.equal(key('K'), 'play');
  assert.equal(key('n'), 'next_gap');
  assert.equal(key('['), 'previous_gap');
  assert.equal(key('?'), 'help');
  assert.equal(key('ArrowRight'), 'right');
  assert.equal(key('x'), null);
  assert.equal(key('Tab'), null);
});
