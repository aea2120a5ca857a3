// What the server's answer means to a person.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { detailOf, isGivenUp, isGone } from '../../../media/static_src/uploader/answers.ts';
import { worthRetrying } from '../../../media/static_src/uploader/rules.ts';

const problem = (type: string, detail: unknown): string => JSON.stringify({ type, detail, status: 403 });

test('the sentence of a problem is said as the server says it', () => {
  assert.equal(detailOf(413, problem('urn:x:too_large', '文件太大。')), '文件太大。');
  assert.equal(detailOf(507, problem('urn:x:disk_full', 'No room.')), 'No room.');
});

test('a refusal of ours is told from a sign-in that ran out', () => {
  assert.equal(detailOf(403, problem('urn:problem:not_allowed', 'Not your lecture.')), 'Not your lecture.');
  assert.equal(detailOf(403, problem('urn:problem:permission_denied', 'CSRF token missing.')), 'signIn');
  assert.equal(detailOf(403, '<h1>Forbidden</h1>'), 'signIn');
  assert.equal(detailOf(403, ''), 'signIn');
  assert.equal(detailOf(401, problem('urn:problem:not_allowed', 'x')), 'signIn');
  assert.equal(detailOf(401, ''), 'signIn');
});

test('what is no problem says nothing rather than rubbish', () => {
  for (const body of ['', '<html>502 Bad Gateway</html>', 'null', '[]', '5', '"text"', '{"detail":5}', '{"detail":null}']) {
    assert.equal(detailOf(502, body), '', body);
  }
  for (const body of ['null', '5', '[]', '{"type":7}']) assert.equal(detailOf(403, body), 'signIn', body);
});

test('an upload that is gone begins anew, one that was refused does not', () => {
  assert.deepEqual([400, 403, 404, 409, 410, 423, 500].filter(isGone), [404, 410]);
  assert.equal([404, 410].some(worthRetrying), false, 'what is gone is not asked for again and again');
});

test('giving up what is gone already is done', () => {
  assert.deepEqual([200, 204, 404, 410].map(isGivenUp), [true, true, true, true]);
  assert.deepEqual([0, 302, 400, 403, 409, 423, 500].map(isGivenUp), Array(7).fill(false));
});
