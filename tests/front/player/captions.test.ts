// Captions as they are served and as they are shown: long ones, many at once, thousands, hostile.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lineAt, parseVtt, plain, textAt, type Cue } from '../../../media/static_src/player/cues.ts';

const cue = (start: number, end: number, text = `${start}`): Cue => ({ start, end, text });
const vtt = (...blocks: string[]): string => ['WEBVTT', ...blocks, ''].join('\n\n');

test('a caption that began long ago is shown as long as it lasts, however many came since', () => {
  const cues = [cue(0, 60_000, '标题'), ...Array.from({ length: 40 }, (_, n) => cue(1000 + n * 1000, 1900 + n * 1000))];
  assert.equal(textAt(cues, 500), '标题');
  assert.equal(textAt(cues, 30_500), '标题\n30000');
  assert.equal(textAt(cues, 30_950), '标题');
  assert.equal(textAt(cues, 59_999), '标题');
  assert.equal(textAt(cues, 60_000), '');
});

test('of very many at one moment the last that began are read', () => {
  const cues = Array.from({ length: 9 }, (_, n) => cue(n, 1000, `${n}`));
  assert.equal(textAt(cues, 500), '5\n6\n7\n8');
});

test('a caption is shown from its first to before its last millisecond', () => {
  const cues = [cue(1000, 2000, 'x')];
  assert.deepEqual([999, 1000, 1999, 2000].map((ms) => textAt(cues, ms)), ['', 'x', 'x', '']);
});

test('two captions of one beginning are both shown in the order of the file', () => {
  assert.equal(textAt([cue(0, 10, 'a'), cue(0, 10, 'b')], 5), 'a\nb');
  assert.equal(lineAt([cue(0, 10, 'a'), cue(0, 10, 'b')], 5), 1);
});

test('the line that is spoken is the one that a plain search finds', () => {
  let state = 11;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 200; round += 1) {
    const starts = Array.from({ length: random(12) }, () => random(50)).sort((a, b) => a - b);
    const cues = starts.map((start) => cue(start, start + 1 + random(30)));
    for (let ms = -1; ms < 52; ms += 1) {
      assert.equal(lineAt(cues, ms), starts.filter((start) => start <= ms).length - 1);
      const covering = cues.filter(({ start, end }) => start <= ms && ms < end);
      assert.equal(textAt(cues, ms), covering.slice(-4).map(({ text }) => text).join('\n'));
    }
  }
});

test('ten thousand captions are parsed at once and found without a stutter', () => {
  const blocks = Array.from({ length: 10_000 }, (_, n) => {
    const at = new Date(n * 1000).toISOString().slice(11, 23);
    const end = new Date(n * 1000 + 900).toISOString().slice(11, 23);
    return `${at} --> ${end}\n第${n}句`;
  });
  const begin = performance.now();
  const cues = parseVtt(vtt(...blocks));
  for (let ms = 0; ms < 10_000_000; ms += 250_000) textAt(cues, ms);
  assert.equal(cues.length, 10_000);
  assert.equal(textAt(cues, 9_999_500), '第9999句');
  assert.ok(performance.now() - begin < 1500);
});

test('what the server escapes is read as it was written, once', () => {
  assert.equal(plain('a &lt;b&gt; &amp;amp; c'), 'a <b> &amp; c');
  assert.equal(plain('&amp;lt;script&amp;gt;'), '&lt;script&gt;');
  assert.equal(plain('R&amp;D'), 'R&D');
});

test('markup is taken out and what it held is kept', () => {
  assert.equal(plain('<v 唐一鸣>合同</v>'), '合同');
  assert.equal(plain('<00:00:01.000><c.yellow>一</c><i>二</i>'), '一二');
  assert.equal(plain('<ruby>检<rt>jian</rt></ruby>'), '检jian');
  assert.equal(plain('no mark < 5'), 'no mark < 5');
});

test('captions come in order of their beginning whatever the order of the file', () => {
  const cues = parseVtt(vtt('00:05.000 --> 00:06.000\nb', '00:01.000 --> 00:02.000\na'));
  assert.deepEqual(cues.map(({ text }) => text), ['a', 'b']);
});

test('a bad caption is passed over and its neighbours stay', () => {
  const bad = ['00:00:01 --> 00:00:02\nno ms', '00:01.000 -->\nx', 'x --> y\nz', '00:03.000 --> 00:02.000\nback', '00:02.000 --> 00:03.000\n<b></b>'];
  for (const block of bad) {
    const cues = parseVtt(vtt('00:00.000 --> 00:01.000\na', block, '00:09.000 --> 00:10.000\nb'));
    assert.deepEqual(cues.map(({ text }) => text), ['a', 'b'], block);
  }
});

test('remarks, styles and regions are no captions', () => {
  const found = parseVtt(vtt('NOTE 00:01.000', 'STYLE\n::cue { color: red }', 'REGION\nid:a', '00:01.000 --> 00:02.000\na'));
  assert.equal(found.length, 1);
});

test('lines end in any way, and blank lines may be many', () => {
  const text = vtt('00:01.000 --> 00:02.000\na\nb', '', '00:03.000 --> 00:04.000\nc');
  for (const ending of ['\r\n', '\r']) {
    assert.deepEqual(parseVtt(text.replaceAll('\n', ending)), parseVtt(text));
  }
  assert.deepEqual(parseVtt(text).map(({ text: words }) => words), ['a\nb', 'c']);
});

test('a file without a caption, or that is none, gives none', () => {
  for (const text of ['', 'WEBVTT', 'WEBVTT\n\n', '<!doctype html><h1>403</h1>', '\n\n\n', '-->']) {
    assert.deepEqual(parseVtt(text), [], JSON.stringify(text));
  }
});
