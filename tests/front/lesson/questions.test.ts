import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import type { Asked } from '../../../classroom/learning/static_src/lesson/moments.ts';
import type { LessonData } from '../../../classroom/learning/static_src/lesson/page.ts';
import { Questions } from '../../../classroom/learning/static_src/lesson/questions.ts';
import { FakeElement, newPage, page, settled } from './dom.ts';
import { addQuestionParts, QUESTION_WORDS } from './question-page.ts';

const DATA = { words: QUESTION_WORDS, duration_ms: 180_000, addresses: { sessions: '/api/sessions/' } };
const realFetch = globalThis.fetch;
let video: FakeElement & { currentTime: number; paused: boolean; seeking: boolean; pause: () => void };
let questions: Questions;
let done: string[];
let answers: Response[];
let frames: (() => void)[];

function asked(key: string, at_ms: number, more: Partial<Asked> = {}): Asked {
  const options = [{ key: 'A', text: 'yes' }, { key: 'B', text: 'no' }];
  return { key, at_ms, kind: 'single', stem: `stem ${key}`, options, tries: 0, is_answered: false, ...more };
}

function grant(list: Asked[], furthest_ms = 0, session = 's'): void {
  video.fire('lesson:granted', { detail: { session, furthest_ms, questions: list } });
}

function graded(more: Record<string, unknown> = {}): Response {
  const value = { number: 1, is_right: true, explanation: '', legal_basis: '', course_completed: false, ...more };
  return new Response(JSON.stringify(value), { status: 200 });
}

beforeEach(() => {
  newPage();
  addQuestionParts(page);
  page.part('ruler').append(new FakeElement('svg'));
  [done, answers, frames] = [[], [], []];
  const pause = (): void => {
    video.paused = true;
    done.push('pause');
  };
  video = Object.assign(page.add('video', 'video'), { currentTime: 0, paused: true, seeking: false, pause });
  Object.assign(globalThis, {
    requestAnimationFrame: (frame: () => void) => frames.push(frame),
    fetch: async (url: string, { body }: { body: string }) => {
      done.push(`${url} ${body}`);
      const answer = answers.shift();
      if (!answer) throw new TypeError('offline');
      return answer;
    },
  });
  questions = new Questions(DATA as unknown as LessonData, {
    play: async () => {
      done.push('play');
      video.paused = false;
      video.fire('play');
    },
    seek: (ms) => {
      done.push(`seek ${ms}`);
      video.currentTime = ms / 1000;
      video.fire('seeking');
    },
  });
});

afterEach(() => {
  globalThis.fetch = realFetch;
});

/** Play to here, a frame at each of these moments (ms). */
function play(...moments: number[]): void {
  if (video.paused) {
    video.paused = false;
    video.fire('play');
  }
  for (const ms of moments) {
    video.currentTime = ms / 1000;
    for (const frame of frames.splice(0)) frame();
  }
}

const open = (): boolean => page.part('question').open;
const stem = (): string => page.part('question-stem').textContent;
const lines = (): string[] => page.part('asked-list').querySelectorAll('button').map((line) => line.textContent);
const marks = (): (string | null)[] => page.part('ruler').querySelectorAll('path').map((path) => path.getAttribute('data-state'));
async function answer(place = 0): Promise<void> {
  page.part('question-options').querySelectorAll('input').forEach((input, at) => (input.checked = at === place));
  page.part('question-form').fire('submit');
  await settled();
}

test('playing pauses at the moment, and goes on after the right answer', async () => {
  grant([asked('a', 10_000)]);
  play(9_000, 9_999, 10_016);
  assert.deepEqual([open(), stem(), done], [true, 'stem a', ['pause']]);
  answers = [graded()];
  await answer();
  assert.equal(done[1], '/api/sessions/s/questions/a/ {"choice":["A"],"number":1}');
  page.part('question-on').click();
  assert.deepEqual([open(), done.at(-1), video.paused], [false, 'play', false]);
  play(10_100, 20_000);
  assert.equal(open(), false);
});

test('what is jumped over is not put, by whichever road the jump came', () => {
  grant([asked('a', 10_000)]);
  play(5_000);
  video.currentTime = 20;
  video.fire('seeking');
  play(20_000, 20_016);
  assert.equal(open(), false);
  video.seeking = true;
  play(8_000, 30_000);
  video.seeking = false;
  play(30_016);
  assert.equal(open(), false);
});

test('after a jump to before it, playing meets it', () => {
  grant([asked('a', 10_000)], 60_000);
  play(50_000);
  video.currentTime = 9;
  video.fire('seeking');
  play(9_000, 10_001);
  assert.equal(open(), true);
});

test('a page whose frames stand still meets it by the clock of the element', () => {
  grant([asked('a', 10_000)]);
  play(9_000);
  video.currentTime = 10.2;
  video.fire('timeupdate');
  assert.equal(open(), true);
});

test('one in the last moments is met at the end', () => {
  grant([asked('a', 179_990)]);
  play(179_800);
  video.paused = true;
  video.fire('ended');
  assert.equal(open(), true);
});

test('put off, it waits in the list and does not come again by itself', () => {
  grant([asked('a', 10_000), asked('b', 20_000)]);
  play(9_999, 10_016);
  page.part('question-later').click();
  assert.deepEqual([open(), done.at(-1)], [false, 'play']);
  assert.deepEqual(lines(), ['00:10stem aopen']);
  video.currentTime = 9;
  video.fire('seeking');
  play(9_000, 10_500);
  assert.equal(open(), false);
  play(20_016);
  assert.equal(stem(), 'stem b');
});

test('seeing the part again begins half a minute before it and meets it anew', () => {
  grant([asked('a', 100_000)]);
  play(99_999, 100_016);
  page.part('question-again').click();
  assert.deepEqual(done.slice(-2), ['seek 70000', 'play']);
  assert.equal(open(), false);
  play(70_016, 99_999, 100_016);
  assert.equal(open(), true);
});

test('offline it is told, playing goes on, and from the list it is put again without playing', async () => {
  grant([asked('a', 10_000)]);
  play(9_999, 10_016);
  await answer();
  assert.equal(page.part('question-verdict').textContent, 'needs the network');
  page.part('question-later').click();
  play(30_000);
  page.part('asked-list').querySelector('button')!.click();
  assert.deepEqual([done.includes('seek 10000'), open(), video.paused], [true, true, true]);
  answers = [graded()];
  await answer();
  page.part('question-on').click();
  assert.deepEqual([video.paused, lines(), page.part('asked-sentence').textContent], [true, [], '1 of 1']);
});

test('what was passed in an earlier viewing waits, what lies ahead does not, what is answered never', () => {
  grant([asked('a', 10_000, { tries: 2 }), asked('b', 20_000, { is_answered: true }), asked('c', 30_000)], 25_000);
  assert.deepEqual(lines(), ['00:10stem atried 2']);
  assert.deepEqual(marks(), ['open', 'right', 'open']);
  assert.deepEqual([page.part('asked').hidden, page.part('asked-sentence').textContent], [false, '1 of 3']);
  video.currentTime = 19.9;
  play(19_999, 20_016);
  assert.equal(open(), false);
});

test('a lecture without questions shows nothing of them', () => {
  grant([]);
  assert.deepEqual([page.part('asked').hidden, marks()], [true, []]);
});

test('a wrong answer stays in the list with its tries, and the mark stays hollow', async () => {
  grant([asked('a', 10_000)]);
  play(9_999, 10_016);
  answers = [graded({ is_right: false })];
  await answer(1);
  assert.deepEqual([lines(), marks()], [['00:10stem atried 1'], ['open']]);
  answers = [graded({ number: 2 })];
  await answer(0);
  assert.deepEqual([lines(), marks()], [[], ['right']]);
});

test('the answer that completes the course says so to the page', async () => {
  const heard: unknown[] = [];
  video.addEventListener('lesson:completed', (event) => heard.push(event.detail));
  grant([asked('a', 10_000), asked('b', 20_000)]);
  play(9_999, 10_016);
  answers = [graded(), graded({ course_completed: true })];
  await answer();
  assert.deepEqual(heard, []);
  page.part('question-on').click();
  play(20_016);
  await answer();
  assert.deepEqual(heard, [true]);
});

test('a media key cannot play on under an open question', () => {
  grant([asked('a', 10_000)]);
  play(9_999, 10_016);
  video.paused = false;
  video.fire('play');
  assert.equal(video.paused, true);
});

test('a viewing that is renewed answers under its own session, and keeps the question on the screen', async () => {
  grant([asked('a', 10_000)]);
  play(9_999, 10_016);
  grant([asked('a', 10_000)], 10_000, 't');
  assert.deepEqual([open(), stem()], [true, 'stem a']);
  answers = [graded()];
  await answer();
  assert.match(done.at(-1)!, /^\/api\/sessions\/t\/questions\/a\//);
  assert.deepEqual(lines(), []);
});
