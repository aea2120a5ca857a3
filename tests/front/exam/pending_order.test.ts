import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pending, type Shelf } from '../../../classroom/exams/static_src/exam/pending.ts';
import { fill, type Answer } from '../../../classroom/exams/static_src/exam/types.ts';

const answer = (version: number, revision = 1, choice = ['A']): Answer => ({ version, choice, is_flagged: false, revision });

class Memory implements Shelf {
  readonly kept = new Map<string, string>();
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

test('an acknowledgement of an older revision leaves the newer one waiting, in any order', () => {
  for (const order of [[1, 2], [2, 1], [1, 1, 2]]) {
    const pending = new Pending(1, null);
    pending.put(answer(5, 3));
    for (const revision of order) pending.settle(5, revision);
    assert.deepEqual(pending.all(), [answer(5, 3)]);
    pending.settle(5, 3);
    assert.equal(pending.size, 0);
  }
});

test('what is acknowledged of a question that does not wait changes nothing', () => {
  const shelf = new Memory();
  const pending = new Pending(1, shelf);
  pending.put(answer(1));
  pending.settle(2, 99);
  assert.deepEqual(new Pending(1, shelf).all(), [answer(1)]);
});

test('of several spoiled entries the whole ones are kept', () => {
  const shelf = new Memory();
  const spoiled = [null, 3, {}, { ...answer(1), choice: 'A' }, { ...answer(1), is_flagged: 1 }, answer(2)];
  shelf.setItem('exam:1:pending', JSON.stringify(spoiled));
  assert.deepEqual(new Pending(1, shelf).all(), [answer(2)]);
});

test('attempts on one device never mix, and clearing one leaves the other', () => {
  const shelf = new Memory();
  const [first, second] = [new Pending(1, shelf), new Pending(2, shelf)];
  first.put(answer(1));
  second.put(answer(1, 1, ['D']));
  first.clear();
  assert.equal(new Pending(1, shelf).size, 0);
  assert.deepEqual(new Pending(2, shelf).all(), [answer(1, 1, ['D'])]);
});

test('an answer taken back waits as well as one given', () => {
  const shelf = new Memory();
  new Pending(1, shelf).put(answer(1, 4, []));
  assert.deepEqual(new Pending(1, shelf).next(), answer(1, 4, []));
});

test('words are filled as text: a dollar, a brace and a nought stay what they are', () => {
  assert.equal(fill('{n} {n}', { n: 0 }), '0 0');
  assert.equal(fill('{reason}', { reason: '$& {n} $1' }), '$& {n} $1');
  assert.equal(fill('{n', { n: 1 }), '{n');
});
