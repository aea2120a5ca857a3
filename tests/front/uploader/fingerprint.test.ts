// The same file is told again on another computer, and another one is not taken for it.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import {
  digestOf,
  HASHED,
  isSame,
  places,
  sampleOf,
  told,
  type Bytes,
} from '../../../media/static_src/uploader/fingerprint.ts';

const MB = 1024 * 1024;

/** A file too large for memory: its bytes follow from their place, and what was read is noted. */
class Large implements Bytes {
  readonly size: number;
  readonly #seed: number;
  readonly #changed: number;
  read = 0;
  most = 0;

  constructor(size: number, seed = 1, changed = -1) {
    this.size = size;
    this.#seed = seed;
    this.#changed = changed;
  }

  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> } {
    this.read += end - start;
    this.most = Math.max(this.most, end);
    const bytes = new Uint8Array(end - start).fill((this.#seed + Math.floor(start / MB)) % 251);
    if (this.#changed >= start && this.#changed < end) bytes[this.#changed - start] ^= 255;
    return { arrayBuffer: () => Promise.resolve(bytes.buffer) };
  }
}

const unreadable = (size: number): Bytes => ({
  size,
  slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadableError')) }),
});

test('the digest of a file is the one that the server finds', async () => {
  for (const size of [0, 1, 64, 65_537]) {
    const bytes = randomBytes(size);
    assert.equal(await digestOf(new Blob([bytes])), createHash('sha256').update(bytes).digest('hex'));
  }
});

test('a small file tells all of its bytes, a large one a sample, at exactly the limit', async () => {
  const small = await told(new Blob(['lecture']));
  assert.deepEqual(Object.keys(small), ['sha256']);
  assert.match(small.sha256 ?? '', /^[0-9a-f]{64}$/);
  const most = await told(new Large(HASHED + 1));
  assert.deepEqual(Object.keys(most), ['sample']);
  assert.match(most.sample ?? '', /^sample1-[0-9a-f]{64}$/);
});

test('of twenty gigabytes sixteen pieces are read, the first and the last byte among them', async () => {
  const file = new Large(20 * 1024 * MB);
  await sampleOf(file);
  assert.equal(file.read, 16 * MB);
  assert.equal(file.most, file.size);
  assert.equal(places(file.size)[0], 0);
});

test('pieces lie in order inside the file, whatever its size', () => {
  for (const size of [0, 1, MB - 1, MB, MB + 1, 3 * MB, 16 * MB, 129 * MB, 7 * 1024 * MB + 13]) {
    const found = places(size);
    assert.deepEqual(found, [...found].sort((a, b) => a - b));
    assert.equal(new Set(found).size, found.length);
    assert.ok(found.every((at) => at >= 0 && at <= Math.max(0, size - MB)), String(size));
    assert.ok((found.at(-1) ?? 0) + MB >= size, 'the end is looked at');
  }
});

test('a sample differs by the size, by the first, by the last and by a middle byte', async () => {
  const size = 300 * MB;
  const whole = await sampleOf(new Large(size));
  assert.equal(await sampleOf(new Large(size)), whole);
  const middle = places(size)[7]! + 5;
  const others = [
    new Large(size + 1), new Large(size - 1), new Large(size, 2),
    new Large(size, 1, 0), new Large(size, 1, size - 1), new Large(size, 1, middle),
  ];
  for (const other of others) assert.notEqual(await sampleOf(other), whole);
});

test('the same file is known again by its digest, another of the same size is not', async () => {
  const file = new Blob(['资质认定评审准则']);
  const other = new Blob(['资质认定评审准贝']);
  assert.equal(file.size, other.size);
  const { sha256 = '' } = await told(file);
  assert.equal(await isSame(file, file.size, sha256), true);
  assert.equal(await isSame(other, file.size, sha256), false);
});

test('the same large file is known again by its sample, another recording of the same length is not', async () => {
  const size = 400 * MB;
  const { sample = '' } = await told(new Large(size));
  assert.equal(await isSame(new Large(size), size, sample), true);
  assert.equal(await isSame(new Large(size, 9), size, sample), false);
});

test('where only the size is known it decides, and nothing is read', async () => {
  const file = new Large(400 * MB);
  assert.equal(await isSame(file, file.size, ''), true);
  assert.equal(await isSame(file, file.size + 1, ''), false);
  assert.equal(await isSame(file, file.size - 1, 'sample1-00'), false);
  assert.equal(file.read, 0);
});

test('a file that cannot be read tells nothing and is left to the server to judge', async () => {
  assert.deepEqual(await told(unreadable(5)), {});
  assert.deepEqual(await told(unreadable(HASHED + 5)), {});
  assert.equal(await isSame(unreadable(5), 5, 'ab'), true);
  assert.equal(await isSame(unreadable(5), 6, 'ab'), false);
});

test('a page without TLS has no hashing: the size has to do', async () => {
  const kept = Object.getOwnPropertyDescriptor(globalThis, 'crypto')!;
  Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true });
  try {
    assert.deepEqual(await told(new Blob(['x'])), {});
    assert.equal(await isSame(new Blob(['x']), 1, 'abc'), true);
  } finally {
    Object.defineProperty(globalThis, 'crypto', kept);
  }
});
