// One file on its way: tus with retries that outlast a closed lid, and a fingerprint that finds it again.

import { defaultOptions, Upload, type DetailedError, type HttpRequest, type PreviousUpload } from 'tus-js-client';
import { detailOf, isGone } from './answers.ts';
import { told } from './fingerprint.ts';
import type { State } from './queue.ts';
import { Pace, retryDelays, worthRetrying } from './rules.ts';
import { keyOf, type Seen, type Sending, type Settings } from './sending.ts';

/** A file larger than this is sent in several requests, so that a proxy's limit on a body is never met. */
const PIECE = 256 * 1024 * 1024;

export class Transfer implements Sending {
  readonly file: File;
  readonly seen: Seen = { state: 'waiting', sent: 0, pace: new Pace(), detail: '', known: false };
  readonly #settings: Settings;
  readonly #changed: () => void;
  #upload: Upload | null = null;
  readonly #address: string | null;

  constructor(file: File, settings: Settings, changed: () => void, address: string | null = null) {
    this.file = file;
    this.#settings = settings;
    this.#changed = changed;
    this.#address = address;
  }

  /** Begin, or go on where it stood: in this page, before a reload, or on another computer. */
  async start(): Promise<void> {
    if (this.seen.state === 'sending' || this.seen.state === 'done') return;
    this.#set('sending');
    const upload = (this.#upload ??= await this.#make());
    if (!upload.url && !this.#address) {
      const former = (await upload.findPreviousUploads()).sort(newestFirst)[0];
      if (former) upload.resumeFromPreviousUpload(former);
    }
    // Paused while the file was looked at.
    if ((this.seen.state as State) === 'sending') upload.start();
  }

  /** Stop sending; what was sent stays on the server. */
  async pause(): Promise<void> {
    this.#set('paused');
    await this.#upload?.abort();
  }

  /** Give it up; the server throws away what it has. */
  async cancel(): Promise<void> {
    this.#set('paused');
    // One that was to go on from another computer is there although nothing was sent from here.
    const upload = this.#upload ?? (this.#address ? await this.#make() : null);
    if (upload && !upload.url && this.#address) upload.url = this.#address;
    await upload?.abort(true).catch(() => undefined);
  }

  async #make(): Promise<Upload> {
    const metadata: Record<string, string> = { filename: this.file.name, filetype: this.file.type };
    if (this.#settings.lecture !== null) metadata['lecture'] = String(this.#settings.lecture);
    if (!this.#address) Object.assign(metadata, await told(this.file));
    return new Upload(this.file, {
      endpoint: this.#settings.endpoint,
      ...(this.#address ? { uploadUrl: this.#address } : {}),
      metadata,
      chunkSize: PIECE,
      retryDelays: retryDelays(),
      removeFingerprintOnSuccess: true,
      fingerprint: () => Promise.resolve(keyOf(this.file, this.#settings, this.#settings.endpoint)),
      onBeforeRequest: (request: HttpRequest) => {
        request.setHeader('X-CSRFToken', this.#settings.token());
      },
      onAfterResponse: (request, response) => {
        const whole = response.getHeader('Upload-Offset') === String(this.file.size);
        if (request.getMethod() === 'POST' && whole && response.getHeader('Lecture-Id')) this.#recognised();
      },
      onShouldRetry: (error: DetailedError) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        const again = worthRetrying(status);
        if (again) {
          this.seen.pace.rest();
          this.#set('retrying');
        }
        return again;
      },
      onProgress: (sent: number) => {
        if (this.seen.state === 'retrying') this.seen.state = 'sending';
        this.seen.sent = sent;
        this.seen.pace.note(performance.now(), sent);
        this.#changed();
      },
      onError: (error) => this.#failed(error),
      onSuccess: () => {
        this.seen.sent = this.file.size;
        void this.#forget();
        this.#set('done');
      },
    });
  }

  /** What is finished is not to be found again: the same file sent later is a lecture of its own. */
  async #forget(): Promise<void> {
    for (const former of (await this.#upload?.findPreviousUploads()) ?? []) {
      await defaultOptions.urlStorage?.removeUpload(former.urlStorageKey);
    }
  }

  /** The server has these bytes already: nothing is sent. */
  #recognised(): void {
    this.seen.known = true;
    this.seen.sent = this.file.size;
    void this.#upload?.abort();
    this.#set('done');
  }

  #failed(error: Error | DetailedError): void {
    const response = 'originalResponse' in error ? error.originalResponse : null;
    const status = response?.getStatus() ?? 0;
    this.seen.detail = detailOf(status, response?.getBody() ?? '');
    if (isGone(status)) this.#upload = null;
    this.#set('failed');
  }

  #set(state: State): void {
    if (state !== 'sending') this.seen.pace.rest();
    this.seen.state = state;
    this.#changed();
  }
}

function newestFirst(a: PreviousUpload, b: PreviousUpload): number {
  return b.creationTime.localeCompare(a.creationTime);
}
