// A file straight into a bucket: side by side, again after a failure, on after a reload, or through the server.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Direct, LANES } from '../../../media/static_src/uploader/direct.ts';
import { Pace } from '../../../media/static_src/uploader/rules.ts';
import type { Sending, Settings } from '../../../media/static_src/uploader/sending.ts';
import { Bucket, DIRECT, refused, said } from './bucket.ts';

const TEXT = 'Accredited laboratories: the quick brown fox jumps over the lazy dog, and once more. '.repeat(3);
const settings: Settings = { endpoint: '/api/uploads/', direct: DIRECT, person: '7', lecture: null, token: () => '' };

class Memory {
  readonly kept = new Map<string, string>();
  getItem = (key: string): string | null => this.kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.kept.set(key, value);
  removeItem = (key: string): void => void this.kept.delete(key);
}

let memory = new Memory();
beforeEach(() => {
  memory = new Memory();
  Object.defineProperty(globalThis, 'localStorage', { value: memory, configurable: true });
});

const lecture = (text = TEXT): File => new File([text], 'lecture.mp4', { type: 'video/mp4', lastModified: 5 });

/** The upload through the server, which only notes that it was begun. */
class Through implements Sending {
  readonly file = lecture();
  readonly seen = { state: 'waiting' as const, sent: 0, pace: new Pace(), detail: '', known: false };
  readonly did: string[] = [];
  start = async (): Promise<void> => void this.did.push('start');
  pause = async (): Promise<void> => void this.did.push('pause');
  cancel = async (): Promise<void> => void this.did.push('cancel');
}

function sending(bucket: Bucket, more: { address?: string; file?: File; through?: Sending; lecture?: number } = {}): Direct {
  const through = more.through ?? new Through();
  const told = { ...settings, lecture: more.lecture ?? null };
  return new Direct(more.file ?? lecture(), told, bucket, () => undefined, () => through, more.address ?? null);
}

test('a file arrives whole, in parts side by side, and is completed once', async () => {
  const bucket = new Bucket();
  const direct = sending(bucket);
  await direct.start();
  assert.equal(bucket.whole, TEXT);
  assert.equal(bucket.most, LANES);
  assert.equal(bucket.asked.filter((one) => one === 'POST complete/').length, 1);
  assert.deepEqual([direct.seen.state, direct.seen.sent, direct.seen.known], ['done', direct.file.size, false]);
  assert.equal(memory.kept.size, 0, 'the same file sent later is a lecture of its own');
});

test('the first part goes alone, and addresses are asked for a few at a time', async () => {
  const bucket = new Bucket();
  const seen: number[] = [];
  bucket.onPut = () => seen.push(bucket.atOnce);
  await sending(bucket).start();
  assert.deepEqual(seen.slice(0, 2), [1, 1]);
  const count = Math.ceil(lecture().size / 10);
  const questions = bucket.asked.filter((one) => one === 'POST parts/').length;
  assert.ok(questions < count / 2, `${questions} for ${count} parts`);
});

test('a file that is here is finished at once', async () => {
  const bucket = new Bucket();
  bucket.state = 'finished';
  const direct = sending(bucket);
  await direct.start();
  assert.deepEqual([direct.seen.state, direct.seen.known, bucket.parts.size], ['done', true, 0]);
});

test('parts that are lost on the way are sent again, with pauses', async () => {
  const bucket = new Bucket();
  bucket.turnsAway = (number, nth) => (number % 3 === 0 && nth < 4 ? [0, 500, 503][nth - 1]! : null);
  const direct = sending(bucket);
  await direct.start();
  assert.equal(bucket.whole, TEXT);
  assert.ok(bucket.waits.some((wait) => wait >= 1_000));
  assert.equal(direct.seen.state, 'done');
});

test('an address that has become too old is signed anew', async () => {
  const bucket = new Bucket();
  bucket.turnsAway = (number, nth) => (number === 5 && nth === 1 ? 403 : null);
  await sending(bucket).start();
  assert.equal(bucket.whole, TEXT);
  assert.equal(bucket.sent(5), 2);
});

test('a part that the bucket refuses again and again ends it with a word, and it can go on', async () => {
  const bucket = new Bucket();
  bucket.turnsAway = (number) => (number === 5 ? 403 : null);
  const direct = sending(bucket);
  await direct.start();
  assert.deepEqual([direct.seen.state, direct.seen.detail], ['failed', 'failed']);
  assert.equal(bucket.sent(5), 3);
  bucket.turnsAway = () => null;
  await direct.start();
  assert.deepEqual([direct.seen.state, bucket.whole, bucket.begun], ['done', TEXT, 1]);
});

test('where the bucket takes nothing from this page the file goes through the server', async () => {
  for (const status of [0, 403]) {
    const bucket = new Bucket();
    bucket.turnsAway = () => status;
    const through = new Through();
    const direct = sending(bucket, { through });
    await direct.start();
    assert.deepEqual(through.did, ['start']);
    assert.ok(bucket.asked.includes('DELETE '), 'what was begun is given up');
    assert.equal(memory.kept.size, 0);
    assert.equal(direct.seen, through.seen);
    await direct.pause();
    await direct.cancel();
    assert.deepEqual(through.did, ['start', 'pause', 'cancel']);
  }
});

test('where files are kept on the server by now, it goes through the server', async () => {
  const bucket = new Bucket();
  bucket.answers = (method, path) => (method === 'POST' && path === '' ? refused(404, 'not_direct', 'x') : null);
  const through = new Through();
  await sending(bucket, { through }).start();
  assert.deepEqual(through.did, ['start']);
});

test('a page that is loaded again goes on where the bucket stands', async () => {
  const bucket = new Bucket();
  const first = sending(bucket);
  bucket.onPut = (number) => number === 7 && void first.pause();
  await first.start();
  assert.equal(first.seen.state, 'paused');
  const there = [...bucket.parts.keys()];
  assert.ok(there.length >= 3 && there.length < 20);
  bucket.onPut = () => undefined;
  const second = sending(bucket);
  await second.start();
  assert.equal(bucket.whole, TEXT);
  assert.equal(bucket.begun, 1);
  for (const number of there) assert.equal(bucket.sent(number), 1, `part ${number} is not sent twice`);
});

test('another file, person or lecture is another upload', async () => {
  const bucket = new Bucket();
  const first = sending(bucket);
  bucket.onPut = () => void first.pause();
  await first.start();
  bucket.onPut = () => undefined;
  await sending(bucket, { lecture: 3 }).start();
  assert.equal(bucket.begun, 2);
});

test('from the list it goes on by its address', async () => {
  const bucket = new Bucket();
  bucket.begun = 1;
  bucket.size = lecture().size;
  bucket.parts.set(2, TEXT.slice(10, 20));
  await sending(bucket, { address: `${DIRECT}id1/` }).start();
  assert.deepEqual([bucket.whole, bucket.begun, bucket.sent(2)], [TEXT, 1, 0]);
});

test('what was forgotten meanwhile begins anew', async () => {
  const bucket = new Bucket();
  const first = sending(bucket);
  bucket.onPut = () => void first.pause();
  await first.start();
  bucket.onPut = () => undefined;
  bucket.answers = (method, path, nth) => (method === 'GET' && path === '' && nth === 1 ? refused(410, 'gone', 'x') : null);
  await sending(bucket).start();
  assert.deepEqual([bucket.whole, bucket.begun], [TEXT, 2]);
});

test('what another window sends is not sent again, and its completion is one', async () => {
  const bucket = new Bucket();
  const direct = sending(bucket);
  bucket.onPut = (number) => {
    if (number !== 2) return;
    for (let n = 10; n <= Math.ceil(direct.file.size / 10); n += 1) bucket.parts.set(n, 'other');
    bucket.tick();
  };
  await direct.start();
  assert.equal(direct.seen.state, 'done');
  assert.equal(bucket.sent(15), 0);
  const third = sending(bucket);
  bucket.state = 'receiving';
  bucket.parts.clear();
  bucket.onPut = (number) => {
    if (number !== 3) return;
    bucket.state = 'checking';
    bucket.tick();
  };
  await third.start();
  assert.equal(third.seen.state, 'done');
});

test('a cancellation elsewhere stops it and says so', async () => {
  const bucket = new Bucket();
  const direct = sending(bucket);
  bucket.onPut = (number) => {
    if (number !== 3) return;
    bucket.answers = (method) => (method === 'GET' ? refused(410, 'gone', 'It was cancelled.') : null);
    bucket.tick();
  };
  await direct.start();
  assert.deepEqual([direct.seen.state, direct.seen.detail], ['failed', 'It was cancelled.']);
  assert.equal(memory.kept.size, 0);
});

test('a part that the bucket lost is sent again before it is completed', async () => {
  const bucket = new Bucket();
  bucket.answers = (_method, path, nth) => {
    if (path === 'complete/' && nth === 1) bucket.parts.delete(4);
    return null;
  };
  await sending(bucket).start();
  assert.equal(bucket.whole, TEXT);
  assert.equal(bucket.sent(4), 2);
});

test('a refusal is said in the words of the server, a lost sign-in by name', async () => {
  const cases: [number, string, string, string][] = [
    [413, 'over_quota', 'Delete lectures.', 'Delete lectures.'],
    [415, 'wrong_kind', 'No video.', 'No video.'],
    [403, 'permission_denied', 'CSRF', 'signIn'],
    [401, 'not_authenticated', 'x', 'signIn'],
  ];
  for (const [status, code, detail, word] of cases) {
    for (const where of ['', 'parts/', 'complete/']) {
      memory.kept.clear();
      const bucket = new Bucket();
      bucket.answers = (method, path) => (method === 'POST' && path === where ? refused(status, code, detail) : null);
      const direct = sending(bucket);
      await direct.start();
      assert.deepEqual([direct.seen.state, direct.seen.detail], ['failed', word], `${status} at ${where}`);
    }
  }
});

test('a server that is away is asked again until it is back', async () => {
  const bucket = new Bucket();
  bucket.answers = (_method, _path, nth) => (nth < 3 ? said([0, 503][nth - 1]!, {}) : null);
  const direct = sending(bucket);
  await direct.start();
  assert.deepEqual([direct.seen.state, bucket.whole], ['done', TEXT]);
});

test('a file that was changed while it was sent says so instead of trying for ever', async () => {
  const bucket = new Bucket();
  const file = lecture();
  const slice = file.slice.bind(file);
  let broken = false;
  file.slice = (...range) => {
    const bytes = slice(...range);
    const whole = bytes.slice.bind(bytes);
    const unreadable = { arrayBuffer: () => Promise.reject(new Error('NotReadableError')) } as unknown as Blob;
    bytes.slice = (...piece) => (broken ? unreadable : whole(...piece));
    return bytes;
  };
  bucket.turnsAway = () => (broken ? 0 : null);
  bucket.onPut = (number) => void (broken ||= number === 5);
  const direct = sending(bucket, { file });
  await direct.start();
  assert.deepEqual([direct.seen.state, direct.seen.detail], ['failed', 'unreadable']);
});

test('cancelling gives up what the server has, and only this', async () => {
  const bucket = new Bucket();
  const direct = sending(bucket);
  await direct.cancel();
  assert.deepEqual(bucket.asked, [], 'nothing was begun');
  const other = sending(bucket);
  bucket.onPut = (number) => number === 3 && void other.cancel();
  await other.start();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(bucket.asked.at(-1), 'DELETE ');
  assert.equal(memory.kept.size, 0);
  assert.equal(bucket.asked.includes('POST complete/'), false);
});

test('a browser that may remember nothing sends all the same', async () => {
  Object.defineProperty(globalThis, 'localStorage', {
    get: () => {
      throw new Error('SecurityError');
    },
    configurable: true,
  });
  const bucket = new Bucket();
  await sending(bucket).start();
  assert.equal(bucket.whole, TEXT);
});

test('however the network fails, the file arrives as it was', async () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    let state = seed * 7_919;
    const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
    const bucket = new Bucket(5 + random(30));
    bucket.turnsAway = (number, nth) => (number > 1 && nth < 6 && random(3) === 0 ? [0, 500, 503][random(3)]! : null);
    bucket.answers = (method, _path, nth) => (method !== 'DELETE' && nth % 4 && random(4) === 0 ? said(503, {}) : null);
    bucket.onPut = () => random(6) === 0 && bucket.tick();
    const direct = sending(bucket);
    await direct.start();
    assert.deepEqual([direct.seen.state, bucket.whole], ['done', TEXT], `seed ${seed}`);
  }
});
