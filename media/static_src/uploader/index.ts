// The uploader of the lecture admin: choose or drop, watch, pause, go on.

import { isGivenUp } from './answers.ts';
import { Direct } from './direct.ts';
import { isSame } from './fingerprint.ts';
import { isAllDone, startable, type State } from './queue.ts';
import { fill, refusal, size, type Refusal } from './rules.ts';
import { Row } from './row.ts';
import { token } from '../token.ts';
import type { Sending, Settings } from './sending.ts';
import { Transfer } from './transfer.ts';
import { wireOf } from './wire.ts';

interface Data {
  endpoint: string;
  direct: string;
  most: number;
  extensions: string[];
  lecture: number | null;
  person: string;
  words: Record<string, string>;
}

class Uploader {
  readonly #data: Data;
  readonly #list: HTMLElement;
  readonly #said: HTMLElement;
  readonly #rows: Row[] = [];

  constructor(root: HTMLElement, data: Data) {
    this.#data = data;
    this.#list = find(root, '[data-up-list]');
    this.#said = find(root, '[data-up-said]');
    this.#listen(root);
  }

  #listen(root: HTMLElement): void {
    const input = find<HTMLInputElement>(root, '[data-up-input]');
    input.addEventListener('change', () => {
      this.#take([...(input.files ?? [])]);
      input.value = '';
    });
    const drop = find(root, '[data-up-drop]');
    // A file that misses the field must not replace the page.
    for (const name of ['dragover', 'drop'] as const) {
      document.addEventListener(name, (event) => event.dataTransfer?.types.includes('Files') && event.preventDefault());
    }
    drop.addEventListener('dragover', () => drop.toggleAttribute('data-over', true));
    for (const name of ['dragleave', 'drop'] as const) {
      drop.addEventListener(name, () => drop.toggleAttribute('data-over', false));
    }
    drop.addEventListener('drop', (event) => {
      const files = [...(event.dataTransfer?.files ?? [])];
      this.#take(input.multiple ? files : files.slice(0, 1));
    });
    window.addEventListener('beforeunload', (event) => {
      if (this.#rows.some((row) => row.transfer.seen.state === 'sending')) event.preventDefault();
    });
    window.addEventListener('online', () => this.#goOn());
    this.#listenToRows(root);
  }

  /** The rows of interrupted uploads offer to go on with the same file, or to give up. */
  #listenToRows(root: HTMLElement): void {
    const again = find<HTMLInputElement>(root, '[data-up-again]');
    let wanted: HTMLElement | null = null;
    document.addEventListener('click', (event) => {
      const target = event.target as HTMLElement;
      const resume = target.closest<HTMLElement>('[data-up-resume]');
      const cancel = target.closest<HTMLElement>('[data-up-cancel]');
      if (resume) {
        wanted = resume;
        again.click();
      } else if (cancel && ('refused' in cancel.dataset || window.confirm(this.#data.words['cancelSure']))) {
        void this.#giveUp(cancel.dataset['upCancel'] ?? '');
      }
    });
    again.addEventListener('change', () => {
      const file = again.files?.[0];
      again.value = '';
      if (file && wanted) void this.#resume(file, wanted);
    });
  }

  async #resume(file: File, button: HTMLElement): Promise<void> {
    const { upResume: address = '', name = '', size: length = '0', fingerprint = '' } = button.dataset;
    button.toggleAttribute('disabled', true);
    const same = await isSame(file, Number(length), fingerprint);
    button.toggleAttribute('disabled', false);
    if (!same) {
      this.#say(fill(this.#data.words['otherFile'] ?? '', { name, size: size(Number(length)) }));
      return;
    }
    button.closest<HTMLElement>('[data-row]')?.remove();
    this.#add(file, address);
  }

  async #giveUp(address: string): Promise<void> {
    const headers = { 'Tus-Resumable': '1.0.0', 'X-CSRFToken': token() };
    const response = await fetch(address, { method: 'DELETE', headers, credentials: 'same-origin' });
    if (isGivenUp(response.status)) document.dispatchEvent(new CustomEvent('lectures:changed'));
    else this.#say(this.#data.words['failed'] ?? '');
  }

  #take(files: File[]): void {
    const said: string[] = [];
    for (const file of files) {
      const why: Refusal | null = refusal(file, this.#data);
      if (why) said.push(fill(this.#data.words[why] ?? '', { name: file.name, limit: size(this.#data.most) }));
      else this.#add(file, null);
    }
    this.#say(said.join(' '));
  }

  #add(file: File, address: string | null): void {
    const { endpoint, direct, person, lecture, words } = this.#data;
    const settings: Settings = { endpoint, direct, person, lecture, token };
    const changed = (): void => row.draw();
    const through = (): Sending => new Transfer(file, settings, changed);
    // What was begun one way goes on that way.
    const goesStraight = direct && (address ?? direct).startsWith(direct);
    const transfer = goesStraight
      ? new Direct(file, settings, wireOf(token), changed, through, address)
      : new Transfer(file, settings, changed, address);
    const row: Row = new Row(transfer, words, {
      ended: () => this.#ended(row),
      wanted: () => this.#goOn(row),
      gone: () => this.#drop(row),
    });
    this.#rows.push(row);
    this.#list.append(row.element);
    this.#goOn();
  }

  /** Start what waits, as far as there is room; `first` was asked for by a person and goes at once. */
  #goOn(first?: Row): void {
    if (first) void first.transfer.start();
    for (const index of startable(this.#states)) void this.#rows[index]?.transfer.start();
  }

  get #states(): State[] {
    return this.#rows.map(({ transfer }) => transfer.seen.state);
  }

  #ended(row: Row): void {
    const { seen, file } = row.transfer;
    if (seen.state === 'done') this.#say(`${file.name}: ${this.#data.words[seen.known ? 'known' : 'done'] ?? ''}`);
    this.#goOn();
    if (isAllDone(this.#states)) window.setTimeout(() => document.dispatchEvent(new CustomEvent('lectures:changed')), 1_200);
  }

  #drop(row: Row): void {
    this.#rows.splice(this.#rows.indexOf(row), 1);
    row.element.remove();
    this.#goOn();
  }

  #say(words: string): void {
    this.#said.textContent = words;
  }
}

function find<T extends HTMLElement = HTMLElement>(root: ParentNode, selector: string): T {
  const found = root.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
}

for (const root of document.querySelectorAll<HTMLElement>('.up')) {
  new Uploader(root, JSON.parse(find(root, '#up-data').textContent ?? '{}') as Data);
}
