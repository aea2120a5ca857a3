// Notes at a moment of the lecture. What is written is kept on this device until the server has it.

import { has, send } from './api.ts';
import { copy, part, remember, remembered } from './page.ts';
import { clock, fill, timeOfDay, type Words } from './words.ts';

interface Saved {
  id: number;
  at_ms: number;
  text: string;
}

const AUTOSAVE_MS = 900;
const SAVED = has('id', 'at_ms', 'text');

export class Notes {
  #list = part('notes');
  #field = part<HTMLTextAreaElement>('note-text');
  #label = part('note-label');
  #state = part('note-state');
  #counts: NodeListOf<HTMLElement>;
  #url: string;
  #draftKey: string;
  #words: Words;
  #position: () => number;
  #timer = 0;
  #id: number | null = null;
  #at: number | null = null;
  #saving: Promise<void> = Promise.resolve();

  /** `owner` tells person and lesson apart: on a shared computer nobody finds what another was writing. */
  constructor(url: string, owner: string, words: Words, position: () => number, seek: (ms: number) => void) {
    [this.#url, this.#words, this.#position, this.#draftKey] = [url, words, position, `note:${owner}`];
    this.#counts = document.querySelectorAll<HTMLElement>('[data-part="note-count"]');
    this.#field.addEventListener('input', () => this.#typed());
    this.#field.addEventListener('blur', () => void this.#finish());
    this.#field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.#finish();
    });
    this.#list.addEventListener('click', (event) => this.#clicked(event.target as Element, seek));
    this.#restore();
  }

  /** Say at which moment a new note would stand; one begun stays where it was begun. */
  follow(ms: number): void {
    const text = fill(this.#words.note_at!, { time: clock(this.#at ?? ms) });
    if (this.#label.textContent !== text) this.#label.textContent = text;
  }

  #typed(): void {
    this.#at ??= this.#position();
    remember(this.#draftKey, JSON.stringify([this.#at, this.#field.value]));
    this.#state.textContent = this.#words.note_saving!;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#save(), AUTOSAVE_MS);
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#put());
    return this.#saving;
  }

  async #put(): Promise<void> {
    const text = this.#field.value.trim();
    if (!text || this.#at === null) return;
    const outcome =
      this.#id === null
        ? await send<Saved>(this.#url, { at_ms: this.#at, text }, { fits: SAVED })
        : await send<Saved>(`${this.#url}${this.#id}/`, { text }, { method: 'PUT', fits: SAVED });
    if (outcome.kind !== 'ok') {
      this.#state.textContent = fill(this.#words.note_kept!, {
        detail: outcome.kind === 'refused' ? outcome.detail : '',
      });
      return;
    }
    this.#id = outcome.value.id;
    this.#state.textContent = fill(this.#words.save_saved!, { time: timeOfDay(new Date()) });
    this.#show(outcome.value);
  }

  /** The writer has left the field: the note is whole, the next one begins empty. */
  async #finish(): Promise<void> {
    if (!this.#field.value.trim()) return;
    window.clearTimeout(this.#timer);
    await this.#save();
    if (this.#id === null || document.activeElement === this.#field) return;
    [this.#id, this.#at] = [null, null];
    this.#field.value = '';
    remember(this.#draftKey, null);
  }

  #show(note: Saved): void {
    let item = this.#list.querySelector<HTMLElement>(`[data-note="${note.id}"]`);
    if (!item) {
      item = copy('note-template');
      item.dataset.note = String(note.id);
      item.dataset.at = String(note.at_ms);
      const later = [...this.#list.children].find((one) => Number((one as HTMLElement).dataset.at) > note.at_ms);
      this.#list.insertBefore(item, later ?? null);
    }
    part('note-time', item).textContent = clock(note.at_ms);
    part('note-body', item).textContent = note.text;
    this.#count();
  }

  #clicked(target: Element, seek: (ms: number) => void): void {
    const item = target.closest<HTMLElement>('[data-note]');
    if (!item) return;
    if (target.closest('[data-part="note-time"]')) seek(Number(item.dataset.at));
    if (target.closest('[data-part="note-delete"]')) void this.#remove(item);
  }

  async #remove(item: HTMLElement): Promise<void> {
    const outcome = await send(`${this.#url}${item.dataset.note}/`, undefined, { method: 'DELETE' });
    if (outcome.kind !== 'ok') {
      this.#state.textContent = this.#words.note_not_deleted!;
      return;
    }
    if (this.#id === Number(item.dataset.note)) this.#id = null;
    item.remove();
    this.#state.textContent = this.#words.note_deleted!;
    this.#count();
    this.#field.focus();
  }

  #count(): void {
    const count = this.#list.children.length;
    for (const place of this.#counts) place.textContent = count > 0 ? String(count) : '';
    part('notes-empty').hidden = count > 0;
    part('notes-export').hidden = count === 0;
  }

  #restore(): void {
    try {
      const [at, text] = JSON.parse(remembered(this.#draftKey) ?? '[null, ""]') as [number | null, string];
      if (at === null || !text) return;
      this.#at = at;
      this.#field.value = text;
      this.#state.textContent = fill(this.#words.note_kept!, { detail: '' });
    } catch {
      remember(this.#draftKey, null);
    }
  }
}
