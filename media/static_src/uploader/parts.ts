// Which parts of a file are there, on their way and still to be sent. No DOM, no network.

export class Parts {
  readonly size: number;
  readonly partSize: number;
  readonly count: number;
  readonly #have = new Set<number>();
  readonly #taken = new Map<number, number>();

  constructor(size: number, partSize: number) {
    this.size = size;
    this.partSize = partSize;
    this.count = Math.ceil(size / partSize);
  }

  /** Where a part begins and ends in the file; numbers begin with 1. */
  range(number: number): [number, number] {
    const start = (number - 1) * this.partSize;
    return [start, Math.min(start + this.partSize, this.size)];
  }

  /** Believe the bucket: what it has is there, also what another window sent; what it has not is not. */
  believe(have: readonly number[]): void {
    this.#have.clear();
    for (const number of have) this.#have.add(number);
  }

  /** A part has arrived. */
  arrived(number: number): void {
    this.#taken.delete(number);
    this.#have.add(number);
  }

  /** Take the first part that is to be sent, null where none is left. */
  take(): number | null {
    const [next = null] = this.next(1);
    if (next !== null) this.#taken.set(next, 0);
    return next;
  }

  /** The numbers of the next parts that nobody has taken. */
  next(most: number): number[] {
    const found: number[] = [];
    for (let number = 1; number <= this.count && found.length < most; number += 1) {
      if (!this.#have.has(number) && !this.#taken.has(number)) found.push(number);
    }
    return found;
  }

  /** Note how many bytes of a part are through. */
  note(number: number, sent: number): void {
    if (this.#taken.has(number)) this.#taken.set(number, sent);
  }

  /** Put back what was taken and has not arrived. */
  putBack(number: number): void {
    this.#taken.delete(number);
  }

  has(number: number): boolean {
    return this.#have.has(number);
  }

  get isWhole(): boolean {
    return this.#have.size >= this.count;
  }

  get isUntouched(): boolean {
    return this.#have.size === 0;
  }

  /** Bytes that are there or on their way. */
  get sent(): number {
    let sum = 0;
    for (const number of this.#have) {
      const [start, end] = this.range(number);
      sum += end - start;
    }
    for (const [number, sent] of this.#taken) if (!this.#have.has(number)) sum += sent;
    return Math.min(sum, this.size);
  }
}
