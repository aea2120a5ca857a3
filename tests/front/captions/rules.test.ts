import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Cue } from '../../../media/static_src/captions/cues.ts';
import { faultsOf, isError } from '../../../media/static_src/captions/rules.ts';

interface Case {
  name: string;
  duration?: number;
  cues: [number, number, string][];
  faults: [number, string][];
}

const cases = JSON.parse(readFileSync('tests/media/caption_rules.json', 'utf8')) as Case[];
// `a*84` stands for 84 letters.
const long = (text: string): string => text.replace(/^(.)\*(\d+)/u, (_, letter: string, n: string) => letter.repeat(Number(n)));

for (const { name, duration, cues, faults } of cases) {
  test(`the browser judges as the server does: ${name}`, () => {
    const given: Cue[] = cues.map(([start, end, text]) => ({ start, end, text: long(text), settings: '' }));
    assert.deepEqual(faultsOf(given, duration), faults.map(([index, code]) => ({ index, code })));
  });
}

test('only what cannot be kept is an error', () => {
  const errors = ['empty', 'too_long', 'negative', 'too_late', 'backwards'];
  const warnings = ['overlap', 'beyond_end', 'wide', 'fast'];
  assert.deepEqual([...errors, ...warnings].filter((code) => isError({ index: 0, code })), errors);
});
