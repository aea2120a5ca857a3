import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { Notes } from '../../../classroom/learning/static_src/lesson/notes.ts';
import { FakeElement, newPage, page, settled } from './dom.ts';

const WORDS = {
  note_at: 'Note at {time}', note_saving: 'Saving', note_kept: 'Kept here. {detail}', save_saved: 'Saved {time}',
  note_deleted: 'Deleted', note_not_deleted: 'Not deleted',
};
const realFetch = globalThis.fetch;
let asked: { method: string; url: string; body: { at_ms?: number; text?: string } | null }[];
let answer: () => Response | Error;
let at = 0;
let sought: number[];
let notes: Notes;
let next = 1;

function begin(owner = 'p:lesson-1'): void {
  sought = [];
  notes = new Notes('/notes/', owner, WORDS, () => at, (ms) => sought.push(ms));
}

beforeEach(() => {
  newPage();
  for (const name of ['notes', 'note-label', 'note-state', 'notes-empty', 'notes-export', 'note-count']) page.add(name);
  page.add('note-text', 'textarea');
  const item = new FakeElement('li');
  item.append(new FakeElement('button', 'note-time'), new FakeElement('p', 'note-body'), new FakeElement('button', 'note-delete'));
  page.template('note-template', item);
  [asked, at, next] = [[], 61_000, 1];
  answer = () => {
    const { method, body, url } = asked.at(-1)!;
    if (method === 'DELETE') return new Response(null, { status: 204 });
    const id = method === 'POST' ? next++ : Number(/(\d+)\/$/.exec(url)![1]);
    const at_ms = body?.at_ms ?? 61_000;
    return new Response(JSON.stringify({ id, at_ms, text: body!.text }), { status: method === 'POST' ? 201 : 200 });
  };
  globalThis.fetch = (async (url: string, init: RequestInit) => {
    asked.push({ url, method: init.method!, body: init.body ? (JSON.parse(init.body as string) as never) : null });
    const given = answer();
    if (given instanceof Error) throw given;
    return given;
  }) as typeof fetch;
  mock.timers.enable({ apis: ['setTimeout'] });
  begin();
});

afterEach(() => {
  mock.timers.reset();
  globalThis.fetch = realFetch;
});

const field = () => page.part('note-text');
const state = () => page.part('note-state').textContent;
const shown = () => page.part('notes').children.map((one) => one.textContent);

async function wait(ms: number): Promise<void> {
  mock.timers.tick(ms);
  for (let round = 0; round < 5; round += 1) await settled();
}

function type(text: string): void {
  field().focus();
  field().value = text;
  field().fire('input');
}

async function leaveField(): Promise<void> {
  page.activeElement = null;
  field().fire('blur');
  await wait(0);
}

test('a note stands at the moment at which it was begun, however long one types', async () => {
  notes.follow(61_000);
  assert.equal(page.part('note-label').textContent, 'Note at 01:01');
  type('查');
  at = 90_000;
  type('查附表');
  notes.follow(at);
  assert.equal(page.part('note-label').textContent, 'Note at 01:01');
  await wait(900);
  assert.deepEqual(asked, [{ url: '/notes/', method: 'POST', body: { at_ms: 61_000, text: '查附表' } }]);
  assert.deepEqual(shown(), ['01:01查附表']);
});

test('typing is saved when it rests, not at each letter', async () => {
  for (const text of ['a', 'ab', 'abc']) {
    type(text);
    await wait(500);
  }
  assert.equal(asked.length, 0);
  assert.equal(state(), 'Saving');
  await wait(400);
  assert.equal(asked.length, 1);
  assert.match(state(), /^Saved \d\d:\d\d:\d\d$/);
});

test('the same note is changed, not written again, while one goes on with it', async () => {
  type('one');
  await wait(900);
  type('one and more');
  await wait(900);
  assert.deepEqual(asked.map(({ method, url }) => `${method} ${url}`), ['POST /notes/', 'PUT /notes/1/']);
  assert.deepEqual(shown(), ['01:01one and more']);
});

test('after the field is left the next note begins empty, at its own moment', async () => {
  type('one');
  await leaveField();
  assert.equal(field().value, '');
  at = 120_000;
  type('two');
  await leaveField();
  assert.deepEqual(asked.map(({ method, body }) => [method, body!.at_ms]), [['POST', 61_000], ['POST', 120_000]]);
  assert.deepEqual(shown(), ['01:01one', '02:00two']);
  assert.deepEqual([page.part('note-count').textContent, page.part('notes-export').hidden], ['2', false]);
});

test('notes stand in the order of their moments, whenever they were written', async () => {
  for (const moment of [120_000, 5_000, 61_000]) {
    at = moment;
    type(String(moment));
    await leaveField();
  }
  assert.deepEqual(shown(), ['00:055000', '01:0161000', '02:00120000']);
});

test('what could not be sent stays in the field and on the device, and is sent by the next try', async () => {
  const good = answer;
  answer = () => new TypeError('no network');
  type('kept');
  await leaveField();
  assert.equal(state(), 'Kept here. ');
  assert.equal(field().value, 'kept');
  answer = good;
  await leaveField();
  assert.deepEqual(shown(), ['01:01kept']);
  assert.equal(field().value, '');
});

test('a refusal says its reason', async () => {
  answer = () => new Response(JSON.stringify({ detail: 'Delete one first.' }), { status: 409 });
  type('too many');
  await wait(900);
  assert.equal(state(), 'Kept here. Delete one first.');
});

test('a page that was reloaded finds what was being written, with its moment', async () => {
  answer = () => new TypeError('no network');
  type('half a thou');
  await wait(900);
  field().value = '';
  begin();
  assert.equal(field().value, 'half a thou');
  notes.follow(500_000);
  assert.equal(page.part('note-label').textContent, 'Note at 01:01');
});

test('on a shared computer nobody finds what another was writing, who finds it again', async () => {
  answer = () => new TypeError('no network');
  type('mine');
  await wait(900);
  field().value = '';
  begin('q:lesson-1');
  assert.equal(field().value, '');
  begin();
  assert.equal(field().value, 'mine');
});

test('what the device kept and cannot be read is forgotten, not shown', () => {
  localStorage.setItem('lesson:note:p:lesson-1', '{nonsense');
  begin();
  assert.deepEqual([field().value, localStorage.getItem('lesson:note:p:lesson-1')], ['', null]);
});

test('once saved and left, nothing of it is kept on the device', async () => {
  type('one');
  assert.notEqual(localStorage.getItem('lesson:note:p:lesson-1'), null);
  await leaveField();
  assert.equal(localStorage.getItem('lesson:note:p:lesson-1'), null);
});

test('blanks are no note', async () => {
  type('   ');
  await wait(900);
  await leaveField();
  assert.equal(asked.length, 0);
});

test('control and enter finish a note without leaving the field', async () => {
  type('one');
  field().fire('keydown', { key: 'Enter', ctrlKey: false, metaKey: false });
  await wait(0);
  assert.equal(asked.length, 0);
  field().fire('keydown', { key: 'Enter', ctrlKey: true, metaKey: false });
  await wait(0);
  assert.equal(asked.length, 1);
});

test('the time of a note leads to its moment', async () => {
  type('one');
  await leaveField();
  page.part('notes').querySelector('[data-part="note-time"]')!.click();
  assert.deepEqual(sought, [61_000]);
});

test('a note is gone when the server says so, and not before', async () => {
  type('one');
  await leaveField();
  const good = answer;
  answer = () => new TypeError('no network');
  page.part('notes').querySelector('[data-part="note-delete"]')!.click();
  await wait(0);
  assert.deepEqual([state(), shown().length], ['Not deleted', 1]);
  answer = good;
  page.part('notes').querySelector('[data-part="note-delete"]')!.click();
  await wait(0);
  assert.deepEqual([state(), shown().length], ['Deleted', 0]);
  assert.deepEqual([page.part('notes-empty').hidden, page.part('notes-export').hidden], [false, true]);
  assert.equal(page.activeElement, field());
});

test('a note deleted while it is being written is written anew by the next letter', async () => {
  type('one');
  await wait(900);
  page.part('notes').querySelector('[data-part="note-delete"]')!.click();
  await wait(0);
  type('one again');
  await wait(900);
  assert.deepEqual(asked.map(({ method }) => method), ['POST', 'DELETE', 'POST']);
  assert.deepEqual(shown(), ['01:01one again']);
});
