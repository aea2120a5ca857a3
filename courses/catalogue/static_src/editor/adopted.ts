// Style sheets that a component writes as <style> elements, adopted instead: the page's policy
// forbids inline styles, and a sheet of the document's own is none.

/** A React element, as far as this needs to know one. */
export interface Part {
  type: unknown;
  props: Record<string, unknown> & { children?: unknown };
}

type Renderer = (props: Record<string, unknown>) => Part | null;

/** What is needed of React: the editor brings its own. */
export interface Library {
  isValidElement(value: unknown): boolean;
  createElement(type: unknown, props: Record<string, unknown> | null): unknown;
  cloneElement(element: unknown, props: Record<string, unknown>): unknown;
  useLayoutEffect(effect: () => () => void, depends: unknown[]): void;
}

/** Whether an element is one of the two by which the editor writes its styles: told by what they are given. */
export function writesStyles(part: Part): boolean {
  const names = Object.keys(part.props).sort().join(' ');
  return renderer(part) !== null && (names === 'max' || names === 'blockKey blockTypes placeholder');
}

function renderer(part: Part): Renderer | null {
  const inner = part.type as { type?: unknown } | null;
  if (typeof part.type === 'function') return part.type as Renderer;
  return typeof inner?.type === 'function' ? (inner.type as Renderer) : null;
}

/** Return the tree with every element that would write styles handed to `instead`. */
export function replaced(library: Library, tree: unknown, instead: (part: Part) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map((one: unknown) => replaced(library, one, instead));
  if (!library.isValidElement(tree)) return tree;
  const part = tree as Part;
  if (writesStyles(part)) return instead(part);
  if (typeof part.type !== 'string' || part.props.children === undefined) return tree;
  const { children } = part.props;
  const next = replaced(library, children, instead);
  return same(children, next) ? tree : library.cloneElement(tree, { children: next });
}

function same(before: unknown, after: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(after)) return before === after;
  return before.length === after.length && before.every((one, at) => one === after[at]);
}

/** Return a component that adopts the styles which `part` would write, as long as it is shown. */
export function adopting(library: Library, home: Document): (props: { part: Part }) => null {
  return ({ part }) => {
    const output = renderer(part)?.(part.props) ?? null;
    const css = output?.type === 'style' ? String(output.props.children ?? '') : '';
    library.useLayoutEffect(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      home.adoptedStyleSheets = [...home.adoptedStyleSheets, sheet];
      return () => {
        home.adoptedStyleSheets = home.adoptedStyleSheets.filter((one) => one !== sheet);
      };
    }, [css]);
    return null;
  };
}
