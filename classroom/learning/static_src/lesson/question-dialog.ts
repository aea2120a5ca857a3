// One question, as a dialog: put, answered, graded by the server, tried again. It knows no player and no clock.

import type { Outcome } from './api.ts';
import type { Asked, Graded } from './moments.ts';
import { mark, part } from './page.ts';
import { clock, fill, type Words } from './words.ts';

/** How the dialog was left: answered rightly, put off, or to see the part again. */
export type Left = 'right' | 'later' | 'again';

export interface DialogCalls {
  answer: (one: Asked, choice: string[], number: number) => Promise<Outcome<Graded>>;
  /** The server has graded a try, right or wrong. */
  graded: (one: Asked, said: Graded) => void;
  left: (one: Asked, how: Left) => void;
}

export class QuestionDialog {
  #dialog = part<HTMLDialogElement>('question');
  #stem = part('question-stem');
  #options = part('question-options');
  #result = part('question-result');
  #verdict = part('question-verdict');
  #grounds = part('question-grounds');
  #signIn = part('question-sign-in');
  #send = part<HTMLButtonElement>('question-answer');
  #again = part<HTMLButtonElement>('question-again');
  #later = part<HTMLButtonElement>('question-later');
  #on = part<HTMLButtonElement>('question-on');
  #words: Words;
  #calls: DialogCalls;
  #one: Asked | null = null;
  #sending = false;

  constructor(words: Words, calls: DialogCalls) {
    [this.#words, this.#calls] = [words, calls];
    part('question-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#again.addEventListener('click', () => this.#leave('again'));
    this.#later.addEventListener('click', () => this.#leave('later'));
    this.#on.addEventListener('click', () => this.#leave('right'));
    // Escape puts the question off, unless it is answered already: nobody is held before it.
    this.#dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.#leave(this.#one?.is_answered ? 'right' : 'later');
    });
  }

  get isOpen(): boolean {
    return this.#one !== null;
  }

  ask(one: Asked): void {
    this.#one = one;
    const at = { at: clock(one.at_ms) };
    part('question-title').textContent = fill(this.#words.question_title!, at);
    part('question-kind').textContent = this.#words[`question_${one.kind}`]!;
    this.#stem.textContent = one.stem;
    this.#options.replaceChildren(...one.options.map((option) => choiceOf(one, option)));
    this.#say('', '', '');
    for (const button of [this.#send, this.#again, this.#later]) button.hidden = false;
    this.#on.hidden = true;
    this.#send.textContent = this.#words.question_answer!;
    if (!this.#dialog.open) this.#dialog.showModal();
    // The question first, the options after it: so it is read in its order.
    this.#stem.focus();
  }

  async #submit(): Promise<void> {
    const one = this.#one;
    if (!one || this.#sending || one.is_answered) return;
    const choice = this.#inputs.filter((input) => input.checked).map((input) => input.value);
    if (choice.length === 0) return this.#say('none', this.#words.question_none!, '');
    this.#sending = true;
    mark(this.#send, 'aria-busy', 'true');
    this.#say('sending', this.#words.question_sending!, '');
    const outcome = await this.#calls.answer(one, choice, one.tries + 1);
    this.#sending = false;
    mark(this.#send, 'aria-busy', null);
    if (outcome.kind === 'ok') this.#graded(one, outcome.value);
    // Who put it off while it was on its way is not told about it any more.
    else if (this.#one === one) this.#unsent(outcome);
  }

  #graded(one: Asked, said: Graded): void {
    one.tries = Math.max(one.tries, said.number);
    one.is_answered ||= said.is_right;
    this.#calls.graded(one, said);
    if (this.#one !== one) return;
    const verdict = this.#words[said.is_right ? 'question_right' : 'question_wrong']!;
    this.#say(said.is_right ? 'right' : 'wrong', verdict, [said.explanation, said.legal_basis].filter(Boolean).join('\n'));
    this.#send.textContent = this.#words.question_retry!;
    if (!said.is_right) return;
    for (const input of this.#inputs) input.disabled = true;
    for (const button of [this.#send, this.#again, this.#later]) button.hidden = true;
    this.#on.hidden = false;
    this.#on.focus();
  }

  /** It did not get through, or it never will: say so; putting it off stays possible. */
  #unsent(outcome: Exclude<Outcome<Graded>, { kind: 'ok' }>): void {
    if (outcome.kind === 'refused') return this.#say('failed', outcome.detail || this.#words.question_failed!, '');
    const offline = outcome.kind === 'later' && outcome.offline;
    const told = outcome.kind === 'signed_out' ? 'question_signed_out' : offline ? 'question_offline' : 'question_failed';
    this.#say('failed', this.#words[told]!, '');
    this.#signIn.hidden = outcome.kind !== 'signed_out';
  }

  #leave(how: Left): void {
    const one = this.#one;
    if (!one) return;
    this.#one = null;
    this.#dialog.close();
    this.#calls.left(one, how);
  }

  get #inputs(): HTMLInputElement[] {
    return [...this.#options.querySelectorAll<HTMLInputElement>('input')];
  }

  #say(state: string, verdict: string, grounds: string): void {
    this.#result.dataset.state = state;
    this.#verdict.textContent = verdict;
    this.#grounds.textContent = grounds;
    this.#signIn.hidden = true;
  }
}

function choiceOf({ kind }: Asked, { key, text }: { key: string; text: string }): HTMLElement {
  const label = document.createElement('label');
  const input = document.createElement('input');
  const words = document.createElement('span');
  label.className = 'choice choice--box';
  [input.type, input.name, input.value] = [kind === 'multiple' ? 'checkbox' : 'radio', 'question-choice', key];
  words.textContent = text;
  label.append(input, words);
  return label;
}
