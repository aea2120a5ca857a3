// As much of a page as the lesson's parts ask of it, so that they can be tested without a browser:
// elements in a tree, found by name, with text, attributes and events that bubble.

type Handler = (event: FakeEvent) => void;

export class FakeEvent {
  type: string;
  target: FakeElement | null = null;
  defaultPrevented = false;
  stopped = false;
  [more: string]: unknown;

  constructor(type: string, more: Record<string, unknown> = {}) {
    this.type = type;
    Object.assign(this, more);
  }

  preventDefault(): void {
    this.defaultPrevented = true;
  }

  stopPropagation(): void {
    this.stopped = true;
  }
}

export class FakeElement {
  tag: string;
  parent: FakeElement | null = null;
  children: FakeElement[] = [];
  dataset: Record<string, string> = {};
  attributes = new Map<string, string>();
  style: Record<string, string> = {};
  hidden = false;
  disabled = false;
  checked = false;
  name = '';
  open = false;
  value = '';
  lang = '';
  className = '';
  scrollHeight = 0;
  clientHeight = 0;
  type = '';
  content: { firstElementChild: FakeElement } | null = null;
  #text = '';
  #handlers = new Map<string, Handler[]>();
  #tabIndex = 0;

  constructor(tag: string, name = '') {
    this.tag = tag;
    if (name) this.dataset.part = name;
  }

  get textContent(): string {
    return this.#text + this.children.map((child) => child.textContent).join('');
  }

  set textContent(text: string) {
    this.children = [];
    this.#text = text;
  }

  get tabIndex(): number {
    return this.#tabIndex;
  }

  set tabIndex(value: number) {
    this.#tabIndex = value;
    this.attributes.set('tabindex', String(value));
  }

  get firstElementChild(): FakeElement | null {
    return this.children[0] ?? null;
  }

  append(...some: (FakeElement | string)[]): FakeElement {
    for (const one of some) {
      if (typeof one === 'string') {
        const text = new FakeElement('#text');
        text.#text = one;
        text.parent = this;
        this.children.push(text);
      } else {
        one.remove();
        one.parent = this;
        this.children.push(one);
      }
    }
    return this;
  }

  replaceChildren(...some: (FakeElement | string)[]): void {
    for (const child of [...this.children]) child.parent = null;
    this.children = [];
    this.#text = '';
    this.append(...some);
  }

  insertBefore(one: FakeElement, before: FakeElement | null): void {
    this.append(one);
    if (!before) return;
    this.children.pop();
    this.children.splice(this.children.indexOf(before), 0, one);
  }

  remove(): void {
    if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = null;
  }

  cloneNode(): FakeElement {
    const copy = new FakeElement(this.tag);
    copy.dataset = { ...this.dataset };
    copy.#text = this.#text;
    copy.append(...this.children.map((child) => child.cloneNode()));
    return copy;
  }

  contains(other: FakeElement | null): boolean {
    for (let one = other; one; one = one.parent) if (one === this) return true;
    return false;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
    if (name === 'hidden') this.hidden = true;
    if (name === 'tabindex') this.#tabIndex = Number(value);
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
    if (name === 'hidden') this.hidden = false;
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  /** `tag`, `[data-x]`, `[data-x="y"]`, `[role="y"]`, `tag[attribute="y"]`, and lists of them. */
  matches(selector: string): boolean {
    return selector.split(/,\s*/).some((one) => this.#fits(one));
  }

  #fits(selector: string): boolean {
    const negated = /^(.*):not\((.+)\)$/.exec(selector);
    if (negated) return this.#fits(negated[1]!) && !this.#fits(negated[2]!);
    const match = /^([a-z]*)(?:\[([\w-]+)(?:="([^"]*)")?\])?$/.exec(selector);
    if (!match) throw new Error(`The page of the tests does not know the selector ${selector}.`);
    const [, tag, attribute, value] = match;
    if (tag && tag !== this.tag) return false;
    if (!attribute) return Boolean(tag);
    const data = attribute.startsWith('data-')
      ? this.dataset[attribute.slice(5).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
      : undefined;
    const found = data ?? this.attributes.get(attribute) ?? (attribute === 'type' && this.type ? this.type : undefined);
    if (attribute === 'open') return this.open;
    return found !== undefined && (value === undefined || found === value);
  }

  *#below(): Generator<FakeElement> {
    for (const child of this.children) {
      yield child;
      yield* child.#below();
    }
  }

  querySelector(selector: string): FakeElement | null {
    for (const one of this.#below()) if (one.tag !== '#text' && one.matches(selector)) return one;
    return null;
  }

  querySelectorAll(selector: string): FakeElement[] {
    return [...this.#below()].filter((one) => one.tag !== '#text' && one.matches(selector));
  }

  get parentNode(): FakeElement | null {
    return this.parent;
  }

  /** An event that the scripts made: its detail goes with it. */
  dispatchEvent({ type, detail }: { type: string; detail?: unknown }): void {
    this.fire(type, { detail });
  }

  closest(selector: string): FakeElement | null {
    let one: FakeElement | null = this;
    while (one && !one.matches(selector)) one = one.parent;
    return one;
  }

  addEventListener(name: string, handler: Handler): void {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
  }

  /** Send an event from here up to the page; returned so that a test may look at it. */
  fire(type: string, more: Record<string, unknown> = {}): FakeEvent {
    const event = new FakeEvent(type, more);
    event.target = this;
    for (let at: FakeElement | null = this; at && !event.stopped; at = at.parent) {
      for (const handler of at.#handlers.get(type) ?? []) handler(event);
    }
    return event;
  }

  click(): FakeEvent {
    return this.fire('click');
  }

  focus(): void {
    page.activeElement = this;
  }

  showModal(): void {
    this.open = true;
  }

  close(): void {
    this.open = false;
  }
}

/** The document. */
export class FakePage extends FakeElement {
  activeElement: FakeElement | null = null;
  visibilityState = 'visible';
  cookie = '';
  body = new FakeElement('body');

  createElement(tag: string): FakeElement {
    return new FakeElement(tag);
  }

  createElementNS(_space: string, tag: string): FakeElement {
    return new FakeElement(tag);
  }

  getElementById(): null {
    return null;
  }

  /** Add a part of this name to the body. */
  add(name: string, tag = 'div'): FakeElement {
    const made = new FakeElement(tag, name);
    this.body.append(made);
    return made;
  }

  /** Add a template of this name that holds `inner`. */
  template(name: string, inner: FakeElement): void {
    this.add(name, 'template').content = { firstElementChild: inner };
  }

  part(name: string): FakeElement {
    const found = this.querySelector(`[data-part="${name}"]`);
    if (!found) throw new Error(`no part ${name}`);
    return found;
  }
}

export let page = new FakePage('document');

/** Begin with an empty page; the globals that the scripts ask for are those of it. */
export function newPage(): FakePage {
  page = new FakePage('document');
  page.append(page.body);
  const kept = new Map<string, string>();
  Object.assign(globalThis, {
    document: page,
    localStorage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    },
    window: {
      setTimeout: (...given: Parameters<typeof setTimeout>) => setTimeout(...given),
      clearTimeout: (id: ReturnType<typeof setTimeout>) => clearTimeout(id),
      setInterval: (...given: Parameters<typeof setInterval>) => setInterval(...given),
      clearInterval: (id: ReturnType<typeof setInterval>) => clearInterval(id),
    },
  });
  return page;
}

/** Let all that was promised happen. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await Promise.resolve();
}
