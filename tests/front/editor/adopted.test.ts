import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  adopting,
  replaced,
  writesStyles,
  type Library,
  type Part,
} from '../../../courses/catalogue/static_src/editor/adopted.ts';

const styles = (max: number): Part => ({
  type: (props: Record<string, unknown>) => ({ type: 'style', props: { children: `.depth${String(props['max'])}{}` } }),
  props: { max },
});
const placeholders = (): Part => ({
  // As React.memo wraps it.
  type: { type: () => ({ type: 'style', props: { children: '.empty{}' } }) },
  props: { blockKey: 'k', blockTypes: [], placeholder: 'p' },
});
const box = (...children: unknown[]): Part => ({ type: 'div', props: { children } });

function library(): Library & { cleanups: (() => void)[] } {
  const cleanups: (() => void)[] = [];
  return {
    cleanups,
    isValidElement: (value) => typeof value === 'object' && value !== null && 'props' in value,
    createElement: (type, props) => ({ type, props }),
    cloneElement: (element, props) => ({ ...(element as Part), props: { ...(element as Part).props, ...props } }),
    useLayoutEffect: (effect) => {
      cleanups.push(effect());
    },
  };
}

class Sheet {
  css = '';
  replaceSync(css: string): void {
    this.css = css;
  }
}

function homeOf(...sheets: Sheet[]): Document {
  Object.assign(globalThis, { CSSStyleSheet: Sheet });
  return { adoptedStyleSheets: sheets } as unknown as Document;
}

const cssOf = (home: Document) => home.adoptedStyleSheets.map((sheet) => (sheet as unknown as Sheet).css);

test('the two elements that write styles are told by what they are given, memoised or not', () => {
  assert.equal(writesStyles(styles(3)), true);
  assert.equal(writesStyles(placeholders()), true);
});

test('other elements are not mistaken for them', () => {
  assert.equal(writesStyles(box()), false);
  assert.equal(writesStyles({ type: 'progress', props: { max: 3 } }), false);
  assert.equal(writesStyles({ type: () => null, props: { max: 3, value: 1 } }), false);
});

test('they are replaced at any depth, and everything else keeps its order', () => {
  const tree = replaced(library(), box('text', box(styles(3)), placeholders()), (part) => ({
    type: 'adopted',
    props: { part },
  })) as Part;
  const [first, second, third] = tree.props.children as [string, Part, Part];
  assert.equal(first, 'text');
  assert.equal((second.props.children as Part[])[0]?.type, 'adopted');
  assert.equal(third.type, 'adopted');
});

test('a tree without them is the very same tree, so that nothing is rendered anew', () => {
  const plain = box('a', box('b'), null, false);
  assert.equal(replaced(library(), plain, () => null), plain);
  assert.equal(replaced(library(), null, () => null), null);
});

test('what a component renders is its own', () => {
  const component: Part = { type: () => null, props: { children: styles(3), other: 1 } };
  assert.equal(replaced(library(), component, () => null), component);
});

test('an adopted sheet is in force while it is shown and takes only itself away', () => {
  const [other, react] = [new Sheet(), library()];
  const home = homeOf(other);
  assert.equal(adopting(react, home)({ part: styles(3) }), null);
  assert.deepEqual(cssOf(home), ['', '.depth3{}']);
  react.cleanups.forEach((end) => end());
  assert.deepEqual(home.adoptedStyleSheets, [other]);
});

test('a sheet is empty where the editor writes something else one day', () => {
  const home = homeOf();
  adopting(library(), home)({ part: { type: () => ({ type: 'i', props: { children: 'x' } }), props: { max: 1 } } });
  assert.deepEqual(cssOf(home), ['']);
});
