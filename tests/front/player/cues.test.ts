import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lineAt, parseVtt, plain, textAt } from '../../../media/static_src/player/cues.ts';

const CUES = [
  { start: 0, end: 2000, text: '一' },
  { start: 2000, end: 5000, text: '二' },
  { start: 4000, end: 6000, text: '三' },
  { start: 9000, end: 9500, text: '四' },
];

test('the line is the last that began', () => {
  assert.equal(lineAt(CUES, 0), 0);
  assert.equal(lineAt(CUES, 1999), 0);
  assert.equal(lineAt(CUES, 2000), 1);
  assert.equal(lineAt(CUES, 7000), 2);
  assert.equal(lineAt(CUES, 60_000), 3);
  assert.equal(lineAt([], 5), -1);
  assert.equal(lineAt([{ start: 10, end: 20, text: '' }], 5), -1);
});

test('the picture shows what covers the moment, and nothing between two cues', () => {
  assert.equal(textAt(CUES, 1000), '一');
  assert.equal(textAt(CUES, 4500), '二\n三');
  assert.equal(textAt(CUES, 7000), '');
});

test('marks and entities are taken out, text is kept', () => {
  assert.equal(plain('<v 唐一鸣>合同 &lt; 委托单 &amp;amp; <b>书面</b>'), '合同 < 委托单 &amp; 书面');
});

test('a file is read as browsers do: identifiers, settings, notes, Windows lines, short stamps', () => {
  const vtt = [
    'WEBVTT - 标题', '', 'NOTE 这不是字幕 ', '', 'STYLE', '::cue { color: red }', '',
    '1', '00:01.000 --> 00:02.500 align:start', '第一行', '第二行', '',
    '01:00:00.000 --> 01:00:01.000', '一小时', '', '00:05.000 --> 00:04.000', '倒着', '',
  ].join('\r\n');
  assert.deepEqual(parseVtt(vtt), [
    { start: 1000, end: 2500, text: '第一行\n第二行' },
    { start: 3_600_000, end: 3_601_000, text: '一小时' },
  ]);
});
