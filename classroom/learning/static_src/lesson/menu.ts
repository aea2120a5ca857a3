// A button with a menu of choices, of which one is in force.

import { mark } from './page.ts';

export interface Choice {
  value: string;
  label: string;
}

export class Menu {
  #button: HTMLButtonElement;
  #list: HTMLElement;
  #chosen: (value: string) => void;
  #value = '';

  constructor(root: HTMLElement, chosen: (value: string) => void) {
    this.#button = root.querySelector<HTMLButtonElement>('button')!;
    this.#list = root.querySelector<HTMLElement>('[role="menu"]')!;
    this.#chosen = chosen;
    this.#button.addEventListener('click', () => this.toggle());
    this.#list.addEventListener('click', (event) => this.#pick(event.target as Element));
    root.addEventListener('keydown', (event) => this.#key(event));
    root.addEventListener('focusout', (event) => {
      if (!root.contains(event.relatedTarget as Node | null)) this.#close(false);
    });
    document.addEventListener('pointerdown', (event) => {
      if (!root.contains(event.target as Node)) this.#close(false);
    });
  }

  /** Set the choices; the one of `value` is in force. */
  fill(choices: Choice[], value: string): void {
    this.#value = value;
    this.#list.replaceChildren(
      ...choices.map((choice) => {
        const item = document.createElement('button');
        item.type = 'button';
        item.className = 'player-menu__item';
        item.setAttribute('role', 'menuitemradio');
        item.setAttribute('aria-checked', String(choice.value === value));
        item.tabIndex = -1;
        item.dataset.value = choice.value;
        item.textContent = choice.label;
        return item;
      }),
    );
  }

  /** Say which choice is in force. */
  set value(value: string) {
    this.#value = value;
    for (const item of this.#items) mark(item, 'aria-checked', String(item.dataset.value === value));
  }

  toggle(): void {
    if (this.#list.hidden) this.#open();
    else this.#close(true);
  }

  get #items(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('[role="menuitemradio"]')];
  }

  #open(): void {
    this.#list.hidden = false;
    mark(this.#button, 'aria-expanded', 'true');
    const items = this.#items;
    (items.find((item) => item.dataset.value === this.#value) ?? items[0])?.focus();
  }

  #close(focus: boolean): void {
    if (this.#list.hidden) return;
    this.#list.hidden = true;
    mark(this.#button, 'aria-expanded', 'false');
    if (focus) this.#button.focus();
  }

  #pick(target: Element): void {
    const item = target.closest<HTMLElement>('[role="menuitemradio"]');
    if (!item) return;
    this.value = item.dataset.value!;
    this.#close(true);
    this.#chosen(item.dataset.value!);
  }

  #key(event: KeyboardEvent): void {
    if (this.#list.hidden) return;
    const items = this.#items;
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length]?.focus();
    else if (event.key === 'Escape') this.#close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
