// Which parts are there, on their way, and still to be sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Parts } from '../../../media/static_src/uploader/parts.ts';

test('the ranges of the parts make the file, without a gap and without a byte too many', () => {
  for (const [size, part] of [[1, 10], [10, 10], [11, 10], [99, 10], [100, 10]] as const) {
    const parts = new Parts(size, part);
    let at = 0;
    for (let number = 1; number <= parts.count; number += 1) {
      const [start, end] = parts.range(number);
      assert.equal(start, at);
      assert.ok(end > start && end - start <= part);
      at = end;
    }
    assert.equal(at, size);
  }
});

test('each part is taken once, in order, and none that is there', () => {
  const parts = new Parts(50, 10);
  parts.believe([2, 4]);
  assert.deepEqual([parts.take(), parts.take(), parts.take(), parts.take()], [1, 3, 5, null]);
  parts.putBack(3);
  assert.deepEqual(parts.next(9), [3]);
  assert.equal(parts.take(), 3);
});

test('what is through counts once, whoever sent it', () => {
  const parts = new Parts(45, 10);
  parts.believe([1]);
  assert.equal(parts.take(), 2);
  parts.note(2, 4);
  assert.equal(parts.sent, 14);
  parts.believe([1, 2]); // another window was quicker
  assert.equal(parts.sent, 20);
  parts.arrived(2);
  assert.equal(parts.sent, 20);
  parts.note(2, 9);
  assert.equal(parts.sent, 20);
  parts.believe([1, 2, 3, 4, 5]);
  assert.equal(parts.sent, 45);
  assert.equal(parts.isWhole, true);
});

test('the bucket is believed also where it has less than was thought', () => {
  const parts = new Parts(30, 10);
  parts.believe([1, 2, 3]);
  parts.believe([3]);
  assert.deepEqual([parts.isWhole, parts.isUntouched, parts.next(9)], [false, false, [1, 2]]);
  parts.believe([]);
  assert.equal(parts.isUntouched, true);
});
