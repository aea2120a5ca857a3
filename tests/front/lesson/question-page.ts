// The parts of a page that questions inside a video ask for, and words that tell themselves apart.

import { FakeElement, type FakePage } from './dom.ts';

export const QUESTION_WORDS = {
  question_title: 'Question at {at}',
  question_single: 'one',
  question_multiple: 'several',
  question_true_false: 'true or false',
  question_answer: 'answer',
  question_retry: 'answer again',
  question_none: 'choose first',
  question_sending: 'checking',
  question_right: 'right',
  question_wrong: 'not right yet',
  question_offline: 'needs the network',
  question_failed: 'not through',
  question_signed_out: 'sign in again',
  asked_sentence: '{done} of {count}',
  asked_open: 'open',
  asked_tried: 'tried {tries}',
};

/** Add the dialog, the list and its line. */
export function addQuestionParts(page: FakePage): void {
  const names = ['form', 'title', 'kind', 'stem', 'options', 'result', 'verdict', 'grounds', 'sign-in'];
  page.add('question', 'dialog');
  for (const name of names) page.add(`question-${name}`);
  for (const name of ['answer', 'again', 'later', 'on']) page.add(`question-${name}`, 'button');
  for (const name of ['asked', 'asked-list', 'asked-sentence', 'ruler']) page.add(name);
  const line = new FakeElement('li');
  const button = new FakeElement('button');
  for (const name of ['asked-at', 'asked-stem', 'asked-state']) button.append(new FakeElement('span', name));
  line.append(button);
  page.template('asked-template', line);
}
