/** Says who is ticked in the matrix: names first, then how much of theirs is overdue. */

export interface Pick {
  name: string;
  overdue: number;
}

const SHOWN = 3;

/** Put the ticked people into the sentence `{count} …: {names}; {overdue} …`. */
export function sentenceOf(picks: Pick[], many: string, none: string, separator: string): string {
  if (!picks.length) return none;
  const names = picks.slice(0, SHOWN).map((pick) => pick.name);
  if (picks.length > SHOWN) names.push('…');
  const pieces: Record<string, string> = {
    count: String(picks.length),
    names: names.join(separator),
    overdue: String(picks.reduce((sum, pick) => sum + pick.overdue, 0)),
  };
  // In one pass, by a function: a name may hold braces or a dollar sign.
  return many.replace(/\{(count|names|overdue)\}/g, (_, piece: string) => pieces[piece] ?? '');
}

/** Keep the bar above the matrix in step with the ticks. */
export function setUpPicks(form: HTMLFormElement): void {
  const text = form.querySelector<HTMLElement>('.pick-bar__text');
  const clear = form.querySelector<HTMLButtonElement>('[data-clears]');
  if (!text) return;
  const separator = document.documentElement.lang.startsWith('zh') ? '、' : ', ';
  const show = (): void => {
    const ticked = [...form.querySelectorAll<HTMLInputElement>('input[name=person]:checked')];
    const picks = ticked.map((box) => ({
      name: box.dataset.name ?? '',
      overdue: Number(box.dataset.overdue ?? 0),
    }));
    text.textContent = sentenceOf(picks, text.dataset.many ?? '', text.dataset.none ?? '', separator);
    if (clear) clear.hidden = !picks.length;
  };
  form.addEventListener('change', show);
  form.addEventListener('reset', () => setTimeout(show));
  show();
}
