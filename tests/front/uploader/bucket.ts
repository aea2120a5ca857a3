// A server, a bucket and a network for the uploader: what arrives is kept, what is asked is noted.

import type { Answer, Wire } from '../../../media/static_src/uploader/wire.ts';

export const DIRECT = '/api/uploads/direct/';
const ABORTED = (): DOMException => new DOMException('', 'AbortError');

export class Bucket implements Wire {
  readonly partSize: number;
  /** The parts that have arrived, by number. */
  readonly parts = new Map<number, string>();
  readonly asked: string[] = [];
  readonly waits: number[] = [];
  state: 'receiving' | 'checking' | 'finished' = 'receiving';
  begun = 0;
  atOnce = 0;
  most = 0;
  size = 0;
  /** What a PUT of a part answers instead of arriving. */
  turnsAway: (number: number, nth: number) => number | null = () => null;
  /** What a question answers instead of what is so. */
  answers: (method: string, path: string, nth: number) => Answer | null = () => null;
  onPut: (number: number) => void = () => undefined;
  #ticks: (() => void)[] = [];
  #puts = new Map<number, number>();
  #questions = new Map<string, number>();

  constructor(partSize = 10) {
    this.partSize = partSize;
  }

  ask = async (method: string, address: string, body: unknown, signal?: AbortSignal): Promise<Answer> => {
    await Promise.resolve();
    if (signal?.aborted) throw ABORTED();
    const path = address.replace(/^.*\/direct\/(?:id\d+\/)?/, '');
    const what = `${method} ${path}`;
    const nth = (this.#questions.get(what) ?? 0) + 1;
    this.#questions.set(what, nth);
    this.asked.push(what);
    const other = this.answers(method, path, nth);
    if (other) return other;
    if (method === 'DELETE') return { status: 204, body: '' };
    if (path === 'parts/') return said(200, this.#addresses((body as { numbers: number[] }).numbers));
    if (path === 'complete/') return this.#complete();
    if (method === 'POST') {
      this.begun += 1;
      this.size = (body as { length: number }).length;
    }
    return said(method === 'POST' ? 201 : 200, this.#standing());
  };

  put = async (address: string, bytes: Blob, progress: (sent: number) => void, signal: AbortSignal): Promise<number> => {
    const number = Number(/part=(\d+)/.exec(address)?.[1]);
    const nth = (this.#puts.get(number) ?? 0) + 1;
    this.#puts.set(number, nth);
    this.most = Math.max(this.most, (this.atOnce += 1));
    this.onPut(number);
    try {
      const text = await bytes.text();
      progress(Math.floor(text.length / 2));
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw ABORTED();
      const status = this.turnsAway(number, nth);
      if (status !== null) return status;
      progress(text.length);
      this.parts.set(number, text);
      return 200;
    } finally {
      this.atOnce -= 1;
    }
  };

  wait = (milliseconds: number, signal: AbortSignal): Promise<void> => {
    this.waits.push(milliseconds);
    if (this.waits.length > 2_000) throw new Error('it waits for ever');
    return signal.aborted ? Promise.reject(ABORTED()) : Promise.resolve();
  };

  every = (_milliseconds: number, signal: AbortSignal, act: () => void): void => {
    this.#ticks.push(() => signal.aborted || act());
  };

  /** Let a quarter of a minute pass. */
  tick(): void {
    for (const act of this.#ticks) act();
  }

  /** How often a part was sent. */
  sent(number: number): number {
    return this.#puts.get(number) ?? 0;
  }

  /** The file as the bucket would put it together. */
  get whole(): string {
    return [...this.parts].sort(([a], [b]) => a - b).map(([, text]) => text).join('');
  }

  #standing(): object {
    const have = [...this.parts.keys()].sort((a, b) => a - b);
    return { url: `${DIRECT}id${this.begun}/`, state: this.state, part_size: this.partSize, have };
  }

  #addresses(numbers: number[]): object {
    const addresses = numbers.map((number) => ({ number, url: `https://bucket.example/?part=${number}`, size: 0 }));
    return { addresses, expires_in: 900 };
  }

  #complete(): Answer {
    const missing = [];
    for (let n = 1; n <= Math.ceil(this.size / this.partSize); n += 1) if (!this.parts.has(n)) missing.push(n);
    if (missing.length) return said(409, { type: 'urn:x:parts_missing', detail: 'Send them.', missing });
    this.state = 'checking';
    return said(202, this.#standing());
  }
}

export function said(status: number, body: object): Answer {
  return { status, body: JSON.stringify(body) };
}

export function refused(status: number, code: string, detail: string): Answer {
  return said(status, { type: `urn:cloud-classroom:problem:${code}`, detail, status });
}
