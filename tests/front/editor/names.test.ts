// Fields of blocks are named by what stands above them; no field that has a name gets another.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nameFields, nameOf } from '../../../courses/catalogue/static_src/editor/names.ts';

interface Place {
  label?: string;
  kind?: string;
  labels?: number;
  attributes?: Record<string, string>;
}

/** A field as far as naming needs to know one, under a label and in a block of a kind. */
function field({ label, kind, labels, attributes = {} }: Place): Element {
  const text = (found: string | undefined) => (found === undefined ? null : { textContent: found });
  const around: Record<string, object> = {
    '[data-contentpath]': { querySelector: () => (label === undefined ? null : { firstChild: text(label) }) },
    '[data-panel]': { querySelector: () => text(kind) },
  };
  return {
    ...(labels === undefined ? {} : { labels: { length: labels } }),
    closest: (selector: string) => around[selector] ?? null,
    hasAttribute: (name: string) => name in attributes,
    getAttribute: (name: string) => attributes[name] ?? null,
    setAttribute: (name: string, value: string) => {
      attributes[name] = value;
    },
  } as unknown as Element;
}

const named = (place: Place) => {
  const one = field(place);
  nameFields({ querySelectorAll: () => [one] } as unknown as ParentNode);
  return one.getAttribute('aria-label');
};

test('the label above a rich text names it, without its star', () => {
  assert.equal(named({ label: ' 正文\n', kind: '阅读' }), '正文');
});

test('a field that fills its block is named by the kind of the block', () => {
  assert.equal(named({ kind: '学习成果', labels: 0 }), '学习成果');
});

test('what has a name keeps it', () => {
  assert.equal(named({ kind: '学习成果', labels: 1 }), null);
  assert.equal(named({ kind: '学习成果', attributes: { 'aria-label': '自己的名字' } }), '自己的名字');
  assert.equal(named({ kind: '学习成果', attributes: { 'aria-labelledby': 'x' } }), null);
});

test('a field that nothing stands above is left alone rather than given an empty name', () => {
  assert.equal(nameOf(field({})), '');
  assert.equal(named({ labels: 0 }), null);
});
