import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deedOf, type Pressed } from '../../../media/static_src/captions/keys.ts';
import { parseOffset, parseTime, writeTime } from '../../../media/static_src/captions/times.ts';

test('times are read as people write them', () => {
  const times: [string, number | null][] = [
    ['00:01:02.500', 62_500], ['1:02', 62_000], ['62.5', 62_500], ['62,05', 62_050], [' 0 ', 0], ['1：02', 62_000],
    ['100:00:00', 360_000_000], ['61:00', 3_660_000], ['1:60', null], ['1:60:00', null], ['-1', null], ['', null],
    ['1:', null], ['1.2345', null], ['１', null], ['1e3', null], ['0x1', null], ['1 2', null],
  ]; // prettier-ignore
  for (const [text, ms] of times) assert.equal(parseTime(text), ms, text);
});

test('what is written is read again', () => {
  for (const ms of [0, 1, 999, 59_999, 60_000, 3_599_999, 3_600_000, 359_999_999]) {
    assert.equal(parseTime(writeTime(ms)), ms);
  }
  assert.deepEqual([writeTime(-5), writeTime(62_500.4)], ['00:00:00.000', '00:01:02.500']);
});

test('an offset has a sign, however it is typed, and is never nothing', () => {
  const offsets: [string, number | null][] = [
    ['-2.5', -2500], ['−2.5', -2500], ['–1:30', -90_000], ['+ 3', 3000], ['＋3', 3000], ['0', null], ['', null], ['--1', null],
  ]; // prettier-ignore
  for (const [text, ms] of offsets) assert.equal(parseOffset(text), ms, text);
});

const press = (code: string, ...held: string[]): Pressed => ({
  code,
  key: code,
  altKey: held.includes('alt'),
  ctrlKey: held.includes('ctrl'),
  metaKey: held.includes('meta'),
  shiftKey: held.includes('shift'),
  isComposing: held.includes('composing'),
});

test('every shortcut is held with Alt or Ctrl, so that letters stay letters', () => {
  for (const code of ['KeyS', 'KeyP', 'KeyM', 'Enter', 'Backspace', 'ArrowDown', 'KeyZ']) {
    assert.equal(deedOf(press(code), true), null);
    assert.equal(deedOf(press(code, 'shift'), true), null);
  }
  assert.equal(deedOf(press('KeyS', 'ctrl'), true), 'save');
  assert.equal(deedOf(press('KeyS', 'meta'), false), 'save');
  assert.equal(deedOf(press('ArrowDown', 'alt'), true), 'next');
  assert.equal(deedOf(press('BracketLeft', 'alt'), true), 'from');
});

test('a word that is being composed, and AltGr of other keyboards, ask for nothing', () => {
  assert.equal(deedOf(press('KeyS', 'ctrl', 'composing'), true), null);
  assert.equal(deedOf(press('KeyM', 'ctrl', 'alt'), true), null);
});

test('in a field undoing is the field\'s own', () => {
  assert.equal(deedOf(press('KeyZ', 'ctrl'), true), null);
  assert.equal(deedOf(press('KeyZ', 'ctrl'), false), 'undo');
  assert.equal(deedOf(press('KeyZ', 'ctrl', 'shift'), false), 'redo');
  assert.equal(deedOf(press('KeyY', 'ctrl'), false), 'redo');
});
