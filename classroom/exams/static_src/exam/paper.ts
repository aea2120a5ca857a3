import { fill, type Question, type Strings } from './types.ts';

const byId = (number: number) => document.getElementById(`q${number}`) as HTMLFormElement | null;

/** The paper on the page: which question shows, what is chosen, and the map of it all. */
export class Paper {
  current: number;
  readonly questions: Question[];
  private readonly strings: Strings;

  constructor(questions: Question[], strings: Strings) {
    this.questions = questions;
    this.strings = strings;
    const shown = document.querySelector<HTMLElement>('.question:not([hidden])');
    this.current = Number(shown?.dataset['question'] ?? 1);
  }

  question(number: number): Question {
    return this.questions[number - 1] as Question;
  }

  byVersion(version: number): Question | undefined {
    return this.questions.find((question) => question.version === version);
  }

  inputs(number: number): HTMLInputElement[] {
    return [...(byId(number)?.querySelectorAll<HTMLInputElement>('input[name=choice]') ?? [])];
  }

  chosen(number: number): string[] {
    return this.inputs(number).filter((input) => input.checked).map((input) => input.value).sort();
  }

  /** Show a question and give it the focus, so that it is read out. */
  show(number: number): void {
    if (number < 1 || number > this.questions.length) return;
    byId(this.current)?.setAttribute('hidden', '');
    byId(number)?.removeAttribute('hidden');
    this.current = number;
    history.replaceState(null, '', `?q=${number}`);
    this.draw();
    byId(number)?.querySelector<HTMLElement>('.question__stem')?.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }

  /** Put a question's state on the page, after it came from elsewhere. */
  apply(question: Question): void {
    for (const input of this.inputs(question.number)) input.checked = question.choice.includes(input.value);
    this.drawFlag(question);
  }

  drawFlag(question: Question): void {
    const button = byId(question.number)?.querySelector<HTMLButtonElement>('[data-flag]');
    button?.setAttribute('aria-pressed', String(question.is_flagged));
    const words = button?.querySelector('span');
    if (words) words.textContent = this.strings[question.is_flagged ? 'flagged' : 'flag'] ?? '';
  }

  /** How many questions have no answer. */
  get unanswered(): number {
    return this.questions.filter((question) => !question.choice.length).length;
  }

  /** Draw the map and the counts. */
  draw(): void {
    for (const question of this.questions) {
      const cell = document.querySelector<HTMLElement>(`[data-cell="${question.number}"]`);
      if (!cell) continue;
      const answered = question.choice.length > 0;
      cell.classList.toggle('cell--answered', answered);
      cell.classList.toggle('cell--flagged', question.is_flagged);
      if (question.number === this.current) cell.setAttribute('aria-current', 'true');
      else cell.removeAttribute('aria-current');
      const words = (answered ? 'answered' : 'unanswered') + (question.is_flagged ? '_flagged' : '');
      cell.setAttribute('aria-label', fill(this.strings[words], { n: question.number }));
    }
    const unanswered = this.unanswered;
    const counts = {
      answered: this.questions.length - unanswered,
      unanswered,
      flagged: this.questions.filter((question) => question.is_flagged).length,
    };
    for (const [name, count] of Object.entries(counts)) {
      const place = document.querySelector(`[data-count="${name}"]`);
      if (place) place.textContent = fill(this.strings['questions'], { count });
    }
    const note = document.querySelector('[data-note]');
    if (note) note.textContent = fill(this.strings[unanswered ? 'note_unanswered' : 'note_complete'], { count: unanswered });
  }
}
