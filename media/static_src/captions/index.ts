// The caption editor: the list of cues, the chosen one, the video, and saving.

import './captions.css';
import { textAt } from '../player/cues.ts';
import { preview } from '../player/preview.ts';
import { changed, insert, merge, ordered, remove, shifted, showing, split, type Cue, type Edited } from './cues.ts';
import * as drafts from './draft.ts';
import { fill, Form, type Words } from './form.ts';
import { History } from './history.ts';
import { deedOf, type Deed } from './keys.ts';
import { List, type ListWords } from './list.ts';
import { faultsOf, isError, type Fault } from './rules.ts';
import { fromRows, rows, save, type Outcome, type Row } from './saving.ts';
import { parseOffset } from './times.ts';

interface Data {
  cues: Row[];
  revision: number;
  durationMs: number;
  key: string;
  words: Words;
}

type Chore = Deed | 'shiftAll' | 'shiftOn' | 'check' | 'fault' | 'takeDraft' | 'dropDraft' | 'keepMine' | 'loadTheirs';

class Editor {
  readonly #root: HTMLElement;
  readonly #data: Data;
  readonly #history: History;
  readonly #list: List;
  readonly #form: Form;
  readonly #video: HTMLVideoElement | null;
  #saved: readonly Cue[];
  #revision: number;
  #theirs = 0;
  #faults: Fault[] = [];
  #checked = false;
  #busy = false;
  /** Whether anything was changed on this page: before that a draft is another window's. */
  #touched = false;
  #stopAt = -1;
  #timer = 0;

  constructor(root: HTMLElement, data: Data) {
    this.#root = root;
    this.#data = data;
    this.#saved = fromRows(data.cues);
    this.#revision = data.revision;
    this.#history = new History({ cues: this.#saved, at: this.#saved.length > 0 ? 0 : -1 });
    this.#video = root.querySelector('video');
    const language = root.dataset['language'] ?? '';
    this.#list = new List(this.#find('[data-cap-list]'), language, data.words as unknown as ListWords, (at) => {
      this.#choose(at);
      this.#seek();
    });
    this.#form = new Form(this.#find('[data-cap-form]'), data.words, (part, tag) => this.#change(part, tag));
    this.#listen();
    this.#offerDraft();
    this.#say('nothing');
    this.#show();
    root.hidden = false;
    if (this.#video) void this.#load(this.#video);
  }

  get #now(): Edited {
    return this.#history.now;
  }

  get #isDirty(): boolean {
    return this.#now.cues !== this.#saved || this.#checked;
  }

  get #at(): number {
    return this.#video ? this.#video.currentTime * 1000 : (this.#now.cues[this.#now.at]?.end ?? 0);
  }

  #find<E extends HTMLElement>(what: string): E {
    return this.#root.querySelector<E>(what)!;
  }

  #listen(): void {
    const chores = '[data-do]';
    this.#root.addEventListener('click', (event) => {
      const button = (event.target as HTMLElement).closest<HTMLElement>(chores);
      if (button) this.#do(button.dataset['do'] as Chore);
    });
    this.#root.addEventListener('submit', (event) => {
      if ((event.target as HTMLElement).matches('[data-cap-form], [data-cap-shift]')) event.preventDefault();
    });
    document.addEventListener('keydown', (event) => {
      const deed = deedOf(event, (event.target as HTMLElement).matches('input, textarea'));
      if (!deed) return;
      event.preventDefault();
      this.#do(deed);
    });
    window.addEventListener('beforeunload', (event) => {
      if (this.#isDirty) event.preventDefault();
    });
  }

  #do(chore: Chore): void {
    const cut = (): Edited | null => split(this.#now, this.#form.text.selectionStart, this.#at);
    const chores: Record<Chore, () => void> = {
      save: () => void this.#save(),
      play: () => this.#play(),
      replay: () => this.#replay(),
      from: () => this.#change({ start: Math.round(this.#at) }, ''),
      to: () => this.#change({ end: Math.round(this.#at) }, ''),
      previous: () => this.#step(-1),
      next: () => this.#step(1),
      insert: () => this.#take(insert(this.#now, this.#at), true),
      split: () => this.#take(cut() ?? this.#refused('split'), true),
      merge: () => this.#take(merge(this.#now), true),
      delete: () => {
        this.#take(remove(this.#now));
        this.#tell(this.#words('deleted'));
      },
      undo: () => this.#history.undo() && this.#show(),
      redo: () => this.#history.redo() && this.#show(),
      shiftAll: () => this.#shift(0),
      shiftOn: () => this.#shift(Math.max(0, this.#now.at)),
      check: () => this.#check(),
      fault: () => this.#nextFault(),
      takeDraft: () => this.#takeDraft(),
      dropDraft: () => this.#dropDraft(),
      keepMine: () => this.#keepMine(),
      loadTheirs: () => this.#loadTheirs(),
    };
    chores[chore]();
  }

  #take(next: Edited | null, write = false, tag = ''): void {
    if (!next) return;
    this.#history.take(next, tag);
    this.#show();
    if (write) this.#form.text.focus();
  }

  #change(part: Partial<Cue>, tag: string): void {
    const next = changed(this.#now, part);
    this.#take('text' in part ? next : ordered(next), false, tag);
  }

  #choose(at: number): void {
    this.#history.choose(at);
    this.#show();
  }

  #step(by: number): void {
    const at = Math.min(Math.max(this.#now.at + by, 0), this.#now.cues.length - 1);
    this.#choose(at);
    this.#seek();
  }

  #shift(from: number): void {
    const field = this.#find<HTMLInputElement>('[name=offset]');
    const ms = parseOffset(field.value);
    if (ms === null) return this.#tell(this.#words('noOffset'));
    const made = shifted(this.#now, from, ms);
    if (typeof made === 'number') {
      return this.#tell(fill(this.#words('tooEarly'), { seconds: (made / 1000).toFixed(3) }));
    }
    this.#checked = true;
    this.#take(made);
    const count = this.#now.cues.length - from;
    this.#tell(fill(this.#words('shifted'), { count, seconds: ms / 1000 }));
  }

  /** The times were held against the video and are right as they stand. */
  #check(): void {
    this.#checked = true;
    this.#find('[data-cap-misfit]').hidden = true;
    this.#show();
    void this.#save();
  }

  #nextFault(): void {
    const { at } = this.#now;
    const next = this.#faults.find((fault) => fault.index > at) ?? this.#faults[0];
    if (!next) return;
    this.#choose(next.index);
    this.#seek();
    this.#form.text.focus();
  }

  // --- the video

  async #load(video: HTMLVideoElement): Promise<void> {
    const shown = this.#root.querySelector<HTMLElement>('[data-cap-shown]');
    const follow = this.#find<HTMLInputElement>('[data-cap-follow]');
    const move = (): void => {
      const ms = video.currentTime * 1000;
      if (this.#stopAt >= 0 && ms >= this.#stopAt) {
        video.pause();
        this.#stopAt = -1;
      }
      if (shown) shown.textContent = textAt(this.#now.cues, ms);
      const at = showing(this.#now.cues, ms);
      this.#list.play(at, follow.checked && !video.paused);
      if (follow.checked && !video.paused && at >= 0 && at !== this.#now.at && !this.#form.isBusy) this.#choose(at);
      if (!video.paused) requestAnimationFrame(move);
    };
    video.addEventListener('play', move);
    video.addEventListener('timeupdate', move);
    video.addEventListener('seeked', move);
    await preview(video, this.#root);
  }

  #play(): void {
    this.#stopAt = -1;
    if (this.#video?.paused) void this.#video.play();
    else this.#video?.pause();
  }

  #replay(): void {
    const cue = this.#now.cues[this.#now.at];
    if (!cue || !this.#video) return;
    this.#stopAt = cue.end;
    this.#video.currentTime = cue.start / 1000;
    void this.#video.play();
  }

  #seek(): void {
    const cue = this.#now.cues[this.#now.at];
    this.#stopAt = -1;
    if (cue && this.#video) this.#video.currentTime = cue.start / 1000;
  }

  // --- showing

  #show(): void {
    const { cues, at } = this.#now;
    this.#faults = faultsOf(cues, this.#data.durationMs);
    this.#list.show(cues, this.#faults, at);
    this.#form.show(cues[at] ?? null, at, cues.length, this.#faults);
    const errors = this.#faults.filter(isError).length;
    const warnings = this.#faults.length - errors;
    const said = [fill(this.#words('count'), { count: cues.length })];
    if (errors) said.push(fill(this.#words('errors'), { count: errors }));
    if (warnings) said.push(fill(this.#words('warnings'), { count: warnings }));
    if (!errors && !warnings) said.push(this.#words('noFaults'));
    this.#find('[data-cap-count]').textContent = said.join(' · ');
    this.#enable('undo', this.#history.canUndo);
    this.#enable('redo', this.#history.canRedo);
    this.#enable('fault', this.#faults.length > 0);
    for (const name of ['from', 'to', 'split', 'delete', 'replay']) this.#enable(name, at >= 0);
    this.#enable('merge', at >= 0 && at < cues.length - 1);
    if (this.#isDirty) this.#later();
    else this.#clean();
  }

  /** Nothing is left to be saved, as after undoing everything. */
  #clean(): void {
    window.clearTimeout(this.#timer);
    if (this.#touched) drafts.forget(drafts.storage(), this.#data.key);
    if (!this.#busy && this.#find('[data-cap-state]').dataset['state'] !== 'saved') this.#say('nothing');
  }

  /** What cannot be done is told by `aria-disabled`, so that a focused button is not lost. */
  #enable(name: string, can: boolean): void {
    const button = this.#root.querySelector(`[data-do=${name}]`);
    if (can) button?.removeAttribute('aria-disabled');
    else button?.setAttribute('aria-disabled', 'true');
  }

  #words(name: string): string {
    return this.#data.words[name] ?? '';
  }

  #tell(words: string): void {
    this.#find('[data-cap-said]').textContent = words;
  }

  #refused(name: string): null {
    this.#tell(this.#words(name));
    return null;
  }

  #say(name: string, values: Record<string, string | number> = {}): void {
    this.#find('[data-cap-state]').dataset['state'] = name;
    this.#find('[data-cap-state]').textContent = fill(this.#words(name), values);
  }

  // --- saving

  #later(): void {
    this.#touched = true;
    if (!this.#busy) this.#say('unsaved');
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#keep(), 1000);
  }

  #keep(): void {
    if (!this.#isDirty) return;
    drafts.keep(drafts.storage(), this.#data.key, {
      revision: this.#revision,
      at: Date.now(),
      cues: rows(this.#now.cues),
    });
  }

  async #save(): Promise<void> {
    if (this.#busy) return;
    this.#form.settle();
    const sent = ordered(this.#now);
    const bad = faultsOf(sent.cues).filter(isError);
    if (bad.length > 0) return this.#faulty(bad);
    if (!this.#isDirty) return this.#say('nothing');
    this.#busy = true;
    this.#say('saving');
    this.#keep();
    const token = document.querySelector<HTMLInputElement>('[name=csrfmiddlewaretoken]')?.value ?? '';
    const body = { cues: rows(sent.cues), revision: this.#revision, checked: this.#checked };
    const began = this.#now.cues;
    const outcome = await save(fetch, window.location.pathname, token, body);
    this.#busy = false;
    this.#answered(outcome, began);
  }

  #answered(outcome: Outcome, sent: readonly Cue[]): void {
    if (outcome.kind === 'faulty') return this.#faulty(outcome.faults);
    if (outcome.kind === 'moved') {
      this.#theirs = outcome.revision;
      this.#find('[data-cap-moved]').hidden = false;
      this.#find('[data-cap-moved-said]').textContent = outcome.message;
      this.#say('unsaved');
      this.#find<HTMLButtonElement>('[data-do=keepMine]').focus();
      return;
    }
    if (outcome.kind !== 'saved') return this.#say(outcome.kind);
    this.#revision = outcome.revision;
    this.#saved = sent;
    this.#checked = false;
    this.#find('[data-cap-moved]').hidden = true;
    const made = new DOMParser().parseFromString(outcome.versions, 'text/html');
    document.querySelector('[data-cap-versions]')?.replaceChildren(...made.body.childNodes);
    if (this.#isDirty) return this.#later();
    window.clearTimeout(this.#timer);
    drafts.forget(drafts.storage(), this.#data.key);
    this.#say('saved', { time: new Date().toLocaleTimeString() });
  }

  #faulty(faults: Fault[]): void {
    this.#choose(faults[0]!.index);
    this.#form.text.focus();
    this.#say('faulty', { count: faults.length });
  }

  #keepMine(): void {
    this.#revision = this.#theirs;
    this.#find('[data-cap-moved]').hidden = true;
    void this.#save();
  }

  #loadTheirs(): void {
    this.#dropDraft();
    this.#saved = this.#now.cues;
    this.#checked = false;
    window.location.reload();
  }

  // --- the draft of a window that was closed

  #offerDraft(): void {
    const found = drafts.read(drafts.storage(), this.#data.key, Date.now());
    if (!found || JSON.stringify(found.cues) === JSON.stringify(this.#data.cues)) return;
    this.#find('[data-cap-draft]').hidden = false;
    const time = new Date(found.at).toLocaleString();
    this.#find('[data-cap-draft-said]').textContent = fill(this.#words('draft'), { time });
  }

  #takeDraft(): void {
    const found = drafts.read(drafts.storage(), this.#data.key, Date.now());
    this.#find('[data-cap-draft]').hidden = true;
    if (!found) return;
    // On top of what they began from: if others have saved since, saving says so.
    this.#revision = found.revision;
    this.#take({ cues: fromRows(found.cues), at: found.cues.length > 0 ? 0 : -1 });
    this.#form.text.focus();
  }

  #dropDraft(): void {
    drafts.forget(drafts.storage(), this.#data.key);
    window.clearTimeout(this.#timer);
    this.#find('[data-cap-draft]').hidden = true;
  }
}

const root = document.querySelector<HTMLElement>('[data-cap]');
const data = document.querySelector('#cap-data');
if (root && data) new Editor(root, JSON.parse(data.textContent ?? '') as Data);
