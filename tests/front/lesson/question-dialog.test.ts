import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import type { Outcome } from '../../../classroom/learning/static_src/lesson/api.ts';
import type { Asked, Graded } from '../../../classroom/learning/static_src/lesson/moments.ts';
import { QuestionDialog } from '../../../classroom/learning/static_src/lesson/question-dialog.ts';
import { newPage, page, settled, type FakeElement } from './dom.ts';
import { addQuestionParts, QUESTION_WORDS as WORDS } from './question-page.ts';

let said: string[];
let outcome: Outcome<Graded>;
let hold: Promise<void> | null;
let dialog: QuestionDialog;

const graded = (more: Partial<Graded> = {}): Outcome<Graded> => ({
  kind: 'ok',
  value: { number: 1, is_right: true, explanation: 'Because.', legal_basis: 'Article 13', course_completed: false, ...more },
});

function question(more: Partial<Asked> = {}): Asked {
  const options = ['A', 'B', 'C'].map((key) => ({ key, text: `Option ${key}` }));
  return { key: 'q', at_ms: 90_000, kind: 'single', stem: 'How long?', options, tries: 0, is_answered: false, ...more };
}

beforeEach(() => {
  newPage();
  addQuestionParts(page);
  [said, hold] = [[], null];
  outcome = graded();
  dialog = new QuestionDialog(WORDS, {
    answer: async (one, choice, number) => {
      said.push(`${one.key} ${choice.join('')} ${number}`);
      await hold;
      return outcome;
    },
    graded: (one, { is_right }) => said.push(`graded ${one.key} ${is_right}`),
    left: (_, how) => said.push(how),
  });
});

const inputs = (): FakeElement[] => page.part('question-options').querySelectorAll('input');
const choose = (...places: number[]): void => inputs().forEach((input, place) => (input.checked = places.includes(place)));
const verdict = (): string => page.part('question-verdict').textContent;
const hidden = (...names: string[]): boolean[] => names.map((name) => page.part(`question-${name}`).hidden);
async function submit(): Promise<boolean> {
  const event = page.part('question-form').fire('submit');
  await settled();
  return event.defaultPrevented;
}

test('a question is put with its moment, kind, stem and options, and read from its beginning', () => {
  dialog.ask(question());
  assert.deepEqual([page.part('question').open, dialog.isOpen], [true, true]);
  assert.equal(page.part('question-title').textContent, 'Question at 01:30');
  assert.equal(page.part('question-kind').textContent, WORDS.question_single);
  assert.deepEqual(inputs().map((input) => [input.type, input.value]), [['radio', 'A'], ['radio', 'B'], ['radio', 'C']]);
  assert.equal(page.part('question-options').textContent, 'Option AOption BOption C');
  assert.equal(page.activeElement, page.part('question-stem'));
});

test('several answers are boxes to tick', () => {
  dialog.ask(question({ kind: 'multiple' }));
  assert.deepEqual(new Set(inputs().map((input) => input.type)), new Set(['checkbox']));
});

test('without a choice nothing is sent, and it says so', async () => {
  dialog.ask(question());
  assert.equal(await submit(), true);
  assert.deepEqual([said, verdict()], [[], WORDS.question_none]);
});

test('a right answer is told with its grounds; going on is all that is left to do', async () => {
  dialog.ask(question({ kind: 'multiple' }));
  choose(0, 2);
  await submit();
  assert.deepEqual(said, ['q AC 1', 'graded q true']);
  assert.equal(verdict(), WORDS.question_right);
  assert.equal(page.part('question-grounds').textContent, 'Because.\nArticle 13');
  assert.deepEqual(hidden('answer', 'again', 'later', 'on'), [true, true, true, false]);
  assert.equal(page.activeElement, page.part('question-on'));
  page.part('question-on').click();
  assert.deepEqual([said.at(-1), page.part('question').open, dialog.isOpen], ['right', false, false]);
});

test('a wrong answer is told, and may be tried again with the next number', async () => {
  dialog.ask(question());
  outcome = graded({ is_right: false });
  choose(1);
  await submit();
  assert.deepEqual([verdict(), page.part('question-result').dataset.state], [WORDS.question_wrong, 'wrong']);
  assert.deepEqual(hidden('answer', 'again', 'later', 'on'), [false, false, false, true]);
  outcome = graded({ number: 2 });
  choose(0);
  await submit();
  assert.deepEqual(said, ['q B 1', 'graded q false', 'q A 2', 'graded q true']);
});

test('a try that another device made in between moves the numbers on', async () => {
  dialog.ask(question({ tries: 1 }));
  outcome = graded({ is_right: false, number: 5 });
  choose(0);
  await submit();
  await submit();
  assert.deepEqual(said.filter((one) => one.startsWith('q ')), ['q A 2', 'q A 6']);
});

test('the part can be seen again, before and after a try', async () => {
  dialog.ask(question());
  page.part('question-again').click();
  assert.deepEqual([said, dialog.isOpen], [['again'], false]);
});

for (const [name, sent, words, signIn] of [
  ['offline', { kind: 'later', offline: true }, WORDS.question_offline, false],
  ['an ailing server', { kind: 'later', offline: false }, WORDS.question_failed, false],
  ['a sign-in that ran out', { kind: 'signed_out' }, WORDS.question_signed_out, true],
  ['a refusal', { kind: 'refused', status: 409, detail: 'You left the course.' }, 'You left the course.', false],
  ['a refusal without words', { kind: 'refused', status: 404, detail: '' }, WORDS.question_failed, false],
] as const) {
  test(`${name}: it says so, and the question may be sent again or put off`, async () => {
    const one = question();
    dialog.ask(one);
    outcome = sent;
    choose(0);
    await submit();
    assert.deepEqual([verdict(), one.tries, one.is_answered], [words, 0, false]);
    assert.equal(page.part('question-sign-in').hidden, !signIn);
    assert.deepEqual(hidden('answer', 'later'), [false, false]);
    outcome = graded();
    await submit();
    assert.equal(verdict(), WORDS.question_right);
    assert.deepEqual(said.filter((line) => line.startsWith('q ')), ['q A 1', 'q A 1']);
  });
}

test('pressing twice sends once', async () => {
  let go = (): void => undefined;
  hold = new Promise((resolve) => (go = resolve));
  dialog.ask(question());
  choose(0);
  await submit();
  await submit();
  assert.deepEqual([said, verdict()], [['q A 1'], WORDS.question_sending]);
  go();
  await settled();
  assert.equal(verdict(), WORDS.question_right);
});

test('an answer that comes after the question was put off counts, and says nothing on another one', async () => {
  let go = (): void => undefined;
  hold = new Promise((resolve) => (go = resolve));
  const first = question();
  dialog.ask(first);
  choose(0);
  await submit();
  page.part('question-later').click();
  dialog.ask(question({ key: 'r' }));
  go();
  await settled();
  assert.deepEqual([first.is_answered, said.at(-1), verdict()], [true, 'graded q true', '']);
});

test('escape puts a question off; after a right answer it goes on', async () => {
  dialog.ask(question());
  assert.equal(page.part('question').fire('cancel').defaultPrevented, true);
  assert.deepEqual(said, ['later']);
  dialog.ask(question());
  choose(0);
  await submit();
  page.part('question').fire('cancel');
  assert.equal(said.at(-1), 'right');
});

test('the next question begins clean', async () => {
  dialog.ask(question());
  choose(0);
  await submit();
  page.part('question-on').click();
  dialog.ask(question({ key: 'r' }));
  assert.deepEqual([verdict(), page.part('question-grounds').textContent], ['', '']);
  assert.deepEqual(hidden('answer', 'again', 'later', 'on'), [false, false, false, true]);
  assert.equal(page.part('question-answer').textContent, WORDS.question_answer);
  assert.equal(inputs().some((input) => input.checked), false);
});
