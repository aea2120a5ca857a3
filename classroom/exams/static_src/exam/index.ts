import './frame.css';
import './question.css';
import './map.css';
import './result.css';
import { asClock, crossed, ServerClock } from './clock.ts';
import { Paper } from './paper.ts';
import { Pending, type Shelf } from './pending.ts';
import { csrfToken, putAnswer, Sender, type Reply } from './sender.ts';
import { fill, type Answer, type ExamData, type Question, type Strings } from './types.ts';

const read = <T>(id: string): T => JSON.parse(document.getElementById(id)?.textContent ?? '{}') as T;
const find = <T extends Element>(selector: string) => document.querySelector<T>(selector);

function shelf(): Shelf | null {
  try {
    localStorage.setItem('exam:probe', '1');
    localStorage.removeItem('exam:probe');
    return localStorage;
  } catch {
    return null;
  }
}

function sit(data: ExamData, strings: Strings): void {
  const paper = new Paper(data.questions, strings);
  const pending = new Pending(data.attempt, shelf());
  const loaded = performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined;
  const clock = new ServerClock(data.now_ms, loaded?.responseStart ?? performance.now());
  const dialog = find<HTMLDialogElement>('#hand-in');
  let isOver = false;
  let sentAt = 0;

  const say = (state: string, text: string) => {
    const line = find<HTMLElement>('[data-save]');
    if (line) line.dataset['state'] = state;
    const words = find('[data-save-text]');
    if (words) words.textContent = text;
  };
  const announce = (text: string) => {
    const place = find('[data-announce]');
    if (place) place.textContent = text;
  };
  const toggle = (selector: string, isShown: boolean) => find(selector)?.toggleAttribute('hidden', !isShown);
  const numberOf = (answer: Answer) => paper.byVersion(answer.version)?.number ?? 0;

  // --- saving ---------------------------------------------------------------------------------

  const sender = new Sender(
    pending,
    (answer) => {
      sentAt = performance.now();
      return putAnswer(data.answers_url, answer);
    },
    {
      sending(answer) {
        if (sender.isAway || pending.size > 1) say('sending', fill(strings['resending'], { count: pending.size }));
        else say('saving', fill(strings['saving'], { n: numberOf(answer) }));
      },
      replied,
    },
  );

  function replied(answer: Answer, reply: Reply): void {
    toggle('[data-offline]', reply.kind === 'away');
    toggle('[data-signed-out]', reply.kind === 'signed-out');
    if (reply.kind === 'saved') {
      clock.sync(Date.parse(reply.saved.server_time), sentAt, performance.now());
      const time = new Date(reply.saved.saved_at).toLocaleTimeString('zh-CN', { hour12: false });
      say('saved', fill(strings['saved'], { n: numberOf(answer), time }));
    } else if (reply.kind === 'newer') {
      const question = paper.byVersion(answer.version);
      if (question) adopt(question, reply.answer);
    } else if (reply.kind === 'refused') {
      say('failed', fill(strings['refused'], { reason: reply.reason }));
    } else if (reply.kind === 'closed') {
      leave();
    } else {
      const words = reply.kind === 'signed-out' ? 'signed_out' : 'offline';
      say('offline', fill(strings[words], { count: pending.size }));
    }
    drawDialog();
  }

  /** Another page or device answered later: its answer stands, and the learner is told. */
  function adopt(question: Question, answer: Answer): void {
    Object.assign(question, { choice: answer.choice, is_flagged: answer.is_flagged, revision: answer.revision });
    paper.apply(question);
    paper.draw();
    const words = fill(strings['newer'], { n: question.number });
    say('saved', words);
    announce(words);
  }

  function save(number: number): void {
    if (isOver) return;
    const question = paper.question(number);
    question.choice = paper.chosen(number);
    question.revision += 1;
    pending.put({
      version: question.version,
      choice: question.choice,
      is_flagged: question.is_flagged,
      revision: question.revision,
    });
    paper.draw();
    sender.kick();
  }

  function flag(number: number): void {
    const question = paper.question(number);
    question.is_flagged = !question.is_flagged;
    paper.drawFlag(question);
    save(number);
  }

  /** What waited on this device when the page was left. A newer answer on the server wins. */
  function restore(): void {
    for (const answer of pending.all()) {
      const question = paper.byVersion(answer.version);
      if (!question || answer.revision <= question.revision) {
        pending.settle(answer.version, answer.revision);
        continue;
      }
      Object.assign(question, { choice: answer.choice, is_flagged: answer.is_flagged, revision: answer.revision });
      paper.apply(question);
    }
    if (pending.size) sender.kick();
  }

  /** Back on this page after a while: take the server's clock and what other devices answered. */
  async function refresh(): Promise<void> {
    const sent = performance.now();
    try {
      const response = await fetch(data.state_url, { signal: AbortSignal.timeout(10_000) });
      if (!response.ok) return;
      const state = (await response.json()) as { state: string; server_time: string; answers: Answer[] };
      if (state.state !== 'in_progress') return leave();
      clock.sync(Date.parse(state.server_time), sent, performance.now());
      for (const answer of state.answers) {
        const question = paper.byVersion(answer.version);
        if (question && answer.revision > question.revision) adopt(question, answer);
      }
    } catch {
      // Offline: the clock runs on by itself, answers wait.
    }
  }

  // --- time -----------------------------------------------------------------------------------

  let lastLeft = Number.POSITIVE_INFINITY;

  function tick(): void {
    const now = clock.now(performance.now());
    const left = (data.deadline_ms - now) / 1000;
    const face = find('[data-clock]');
    if (face) face.textContent = asClock(left);
    face?.classList.toggle('clock__time--short', left <= 300);
    const part = Math.min(1, Math.max(0, (now - data.start_ms) / (data.deadline_ms - data.start_ms)));
    find('[data-band]')?.setAttribute('width', `${(part * 100).toFixed(2)}%`);
    find('[data-pointer]')?.setAttribute('x', `${(part * 100).toFixed(2)}%`);
    const threshold = crossed(lastLeft, left);
    if (threshold) {
      const name = threshold < 60 ? 'left_seconds' : 'left';
      announce(fill(strings[name], { minutes: threshold / 60, seconds: threshold }));
    }
    lastLeft = left;
    if (left <= 0 && !isOver) void timeUp();
  }

  async function timeUp(): Promise<void> {
    isOver = true;
    sender.stop();
    for (const input of document.querySelectorAll<HTMLInputElement>('.question input')) input.disabled = true;
    say('saving', strings['time_up'] ?? '');
    announce(strings['time_up'] ?? '');
    // The server's deadline has to lie behind, however the clocks differ by a moment.
    await new Promise((done) => setTimeout(done, 1500));
    await handIn();
  }

  /** Hand in by the conductor's address; offline, again until the server answers. */
  async function handIn(): Promise<void> {
    const form = find<HTMLFormElement>('[data-submit]');
    try {
      await fetch(form?.action ?? '', {
        method: 'POST',
        headers: { 'X-CSRFToken': csrfToken() },
        signal: AbortSignal.timeout(15_000),
      });
      leave();
    } catch {
      say('offline', strings['time_up_offline'] ?? '');
      setTimeout(() => void handIn(), 5000);
    }
  }

  function leave(): void {
    isOver = true;
    sender.stop();
    pending.clear();
    location.assign(data.result_url);
  }

  // --- handing in -----------------------------------------------------------------------------

  function drawDialog(): void {
    const [unanswered, waiting] = [paper.unanswered, pending.size];
    const words = waiting ? 'ask_unsaved' : unanswered ? 'ask_unanswered' : 'ask_complete';
    const ask = find('[data-ask]');
    if (ask) ask.textContent = fill(strings[words], { count: waiting || unanswered });
    const button = dialog?.querySelector<HTMLButtonElement>('button');
    if (button) button.disabled = waiting > 0;
  }

  function openDialog(): void {
    drawDialog();
    sender.kick();
    if (dialog?.open) dialog.close();
    dialog?.showModal();
  }

  // --- what people do -------------------------------------------------------------------------

  for (const form of document.querySelectorAll<HTMLFormElement>('.question')) {
    const number = Number(form.dataset['question']);
    form.addEventListener('change', () => save(number));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const go = (event.submitter as HTMLButtonElement | null)?.value;
      if (go === 'flag') flag(number);
      else if (go === 'review') openDialog();
      else paper.show(go === 'previous' ? number - 1 : number + 1);
    });
  }
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest<HTMLElement>('[data-cell], [data-review], [data-back]');
    if (!link) return;
    event.preventDefault();
    if (link.dataset['cell']) paper.show(Number(link.dataset['cell']));
    else if ('review' in link.dataset) openDialog();
    else dialog?.close();
  });

  const keys = find<HTMLInputElement>('[data-keys]');
  document.addEventListener('keydown', (event) => {
    if (dialog?.open || event.ctrlKey || event.metaKey || event.altKey || !keys?.checked) return;
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      event.preventDefault();
      paper.show(paper.current + (event.key === 'ArrowLeft' ? -1 : 1));
      return;
    }
    if (event.key.toLowerCase() === 'm') return flag(paper.current);
    const letter = event.key.length === 1 ? event.key.toUpperCase().charCodeAt(0) - 65 : -1;
    const place = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : letter <= 5 ? letter : -1;
    const input = place >= 0 ? paper.inputs(paper.current)[place] : undefined;
    if (input) input.click();
  });

  addEventListener('online', () => sender.kick());
  addEventListener('offline', () => {
    toggle('[data-offline]', true);
    say('offline', fill(strings['offline'], { count: pending.size }));
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
  addEventListener('beforeunload', (event) => {
    if (pending.size && !isOver) event.preventDefault();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void refresh();
  });

  document.body.classList.add('exam--live');
  restore();
  paper.draw();
  tick();
  setInterval(tick, 500);
  if (dialog?.open) openDialog();
}

if (document.getElementById('exam-data')) sit(read<ExamData>('exam-data'), read<Strings>('exam-strings'));
