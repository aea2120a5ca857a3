import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { Pending } from '../../../classroom/exams/static_src/exam/pending.ts';
import { putAnswer, type Reply, Sender } from '../../../classroom/exams/static_src/exam/sender.ts';
import type { Answer } from '../../../classroom/exams/static_src/exam/types.ts';

const answer = (version: number, revision = 1, choice = ['A']): Answer => ({ version, choice, is_flagged: false, revision });
const saved = (one: Answer): Reply => ({ kind: 'saved', saved: { ...one, saved_at: '', server_time: '', deadline_at: '' } });
const turn = () => new Promise((done) => setImmediate(done));

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

function held() {
  const pending = new Pending(1, null);
  const sent: Answer[] = [];
  const waiting: ((reply: Reply) => void)[] = [];
  const replies: string[] = [];
  const sender = new Sender(
    pending,
    (one) => new Promise((done) => {
      sent.push(one);
      waiting.push(done);
    }),
    { sending: () => undefined, replied: (_one, reply) => replies.push(reply.kind) },
  );
  return { pending, sender, sent, waiting, replies };
}

test('once stopped nothing more is sent, and what is on its way is still booked', async () => {
  const { pending, sender, sent, waiting, replies } = held();
  pending.put(answer(1));
  pending.put(answer(2));
  sender.kick();
  sender.stop();
  waiting[0]?.(saved(answer(1)));
  await turn();
  assert.deepEqual(sent.map((one) => one.version), [1]);
  assert.deepEqual(replies, ['saved']);
  assert.deepEqual(pending.all(), [answer(2)]);
  sender.kick();
  await turn();
  assert.equal(sent.length, 1);
});

test('a try that fails after the stop sets no further one', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { pending, sender, sent, waiting } = held();
  pending.put(answer(1));
  sender.kick();
  sender.stop();
  waiting[0]?.({ kind: 'away' });
  await turn();
  mock.timers.tick(60_000);
  await turn();
  assert.equal(sent.length, 1);
});

test('pauses grow to a quarter of a minute and begin anew after a success', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { pending, sender, sent, waiting } = held();
  pending.put(answer(1));
  sender.kick();
  for (const pause of [1000, 2000, 4000, 8000, 15_000, 15_000]) {
    waiting.at(-1)?.({ kind: 'away' });
    await turn();
    const before = sent.length;
    mock.timers.tick(pause - 1);
    await turn();
    assert.equal(sent.length, before, `before ${pause} ms`);
    mock.timers.tick(1);
    await turn();
    assert.equal(sent.length, before + 1, `after ${pause} ms`);
  }
  waiting.at(-1)?.(saved(answer(1)));
  await turn();
  assert.equal(sender.isAway, false);
  pending.put(answer(2));
  sender.kick();
  waiting.at(-1)?.({ kind: 'away' });
  await turn();
  const before = sent.length;
  mock.timers.tick(1000);
  await turn();
  assert.equal(sent.length, before + 1);
});

test('an answer that the server refuses does not hold up the next one', async () => {
  const { pending, sender, sent, waiting, replies } = held();
  pending.put(answer(1));
  pending.put(answer(2));
  sender.kick();
  waiting[0]?.({ kind: 'refused', reason: 'x' });
  await turn();
  waiting[1]?.(saved(answer(2)));
  await turn();
  assert.deepEqual(sent.map((one) => one.version), [1, 2]);
  assert.deepEqual(replies, ['refused', 'saved']);
  assert.equal(pending.size, 0);
});

test('a change made after another device answered is kept, for it is newer still', async () => {
  const { pending, sender, sent, waiting } = held();
  pending.put(answer(1, 3));
  sender.kick();
  pending.put(answer(1, 10, ['C']));
  waiting[0]?.({ kind: 'newer', answer: answer(1, 9, ['D']) });
  await turn();
  assert.deepEqual(sent.at(-1), answer(1, 10, ['C']));
  assert.equal(pending.size, 1);
});

function server(status: number, body: unknown): RequestInit[] {
  const requests: RequestInit[] = [];
  Object.assign(globalThis, { document: { cookie: 'a=1; csrftoken=to%3Dken', querySelector: () => null } });
  mock.method(globalThis, 'fetch', async (_url: string, request: RequestInit) => {
    requests.push(request);
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  });
  return requests;
}

const stands = answer(1, 5, ['B']);
const replies: [number, unknown, Reply['kind']][] = [
  [200, { ...answer(1), saved_at: '', server_time: '', deadline_at: '' }, 'saved'],
  [400, { detail: 'no' }, 'refused'],
  [401, {}, 'signed-out'],
  [403, {}, 'signed-out'],
  [404, {}, 'signed-out'],
  [409, { answer: stands }, 'newer'],
  [409, { type: 'attempt_closed' }, 'closed'],
  [410, {}, 'closed'],
  [429, {}, 'away'],
  [500, '<html>', 'away'],
  [503, '', 'away'],
];
for (const [status, body, kind] of replies) {
  test(`${status} ${JSON.stringify(body).slice(0, 28)} means ${kind}`, async () => {
    server(status, body);
    assert.equal((await putAnswer('/x/', answer(1))).kind, kind);
  });
}

test('a reason is passed on, and the answer that stands', async () => {
  server(400, { detail: 'does not fit' });
  assert.deepEqual(await putAnswer('/x/', answer(1)), { kind: 'refused', reason: 'does not fit' });
  server(409, { answer: stands });
  assert.deepEqual(await putAnswer('/x/', answer(1)), { kind: 'newer', answer: stands });
});

test('the token of now goes along, decoded, and the whole answer', async () => {
  const requests = server(200, {});
  await putAnswer('/x/', answer(7, 2, ['A', 'C']));
  const headers = requests[0]?.headers as Record<string, string>;
  assert.equal(headers['X-CSRFToken'], 'to=ken');
  assert.deepEqual(JSON.parse(String(requests[0]?.body)), answer(7, 2, ['A', 'C']));
});

test('a network that is away is an answer and no fault', async () => {
  server(200, {});
  mock.method(globalThis, 'fetch', async () => {
    throw new TypeError('network');
  });
  assert.deepEqual(await putAnswer('/x/', answer(1)), { kind: 'away' });
});
