import type { Answer } from './types.ts';

/** What a browser's storage has to offer here. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

function isAnswer(value: unknown): value is Answer {
  const one = value as Answer;
  return (
    typeof one?.version === 'number' &&
    typeof one.revision === 'number' &&
    Array.isArray(one.choice) &&
    typeof one.is_flagged === 'boolean'
  );
}

/**
 * Answers that the server has not acknowledged. They live on the device until it has, so that neither
 * a lost network nor a closed page loses one. Without storage they live in memory alone.
 */
export class Pending {
  private readonly waiting = new Map<number, Answer>();
  private readonly key: string;
  private readonly shelf: Shelf | null;

  constructor(attempt: number, shelf: Shelf | null) {
    this.shelf = shelf;
    this.key = `exam:${attempt}:pending`;
    for (const answer of this.read()) this.waiting.set(answer.version, answer);
  }

  /** Whether what waits survives a closed page. */
  get isKept(): boolean {
    return this.shelf !== null;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** The oldest that waits. */
  next(): Answer | undefined {
    return this.waiting.values().next().value;
  }

  all(): Answer[] {
    return [...this.waiting.values()];
  }

  /** Keep an answer; of one question only the newest waits. */
  put(answer: Answer): void {
    this.waiting.delete(answer.version);
    this.waiting.set(answer.version, answer);
    this.write();
  }

  /** Let go of what the server acknowledged; a newer answer given meanwhile goes on waiting. */
  settle(version: number, revision: number): void {
    const waiting = this.waiting.get(version);
    if (waiting && waiting.revision <= revision) {
      this.waiting.delete(version);
      this.write();
    }
  }

  clear(): void {
    this.waiting.clear();
    this.write();
  }

  private read(): Answer[] {
    try {
      const kept: unknown = JSON.parse(this.shelf?.getItem(this.key) ?? '[]');
      return Array.isArray(kept) ? kept.filter(isAnswer) : [];
    } catch {
      return [];
    }
  }

  private write(): void {
    try {
      if (this.waiting.size) this.shelf?.setItem(this.key, JSON.stringify(this.all()));
      else this.shelf?.removeItem(this.key);
    } catch {
      // A full or forbidden storage: what waits stays in memory.
    }
  }
}
