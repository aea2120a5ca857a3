import type { Pending } from './pending.ts';
import type { Answer, Saved } from './types.ts';

/** What became of a try to send an answer. */
export type Reply =
  | { kind: 'saved'; saved: Saved }
  | { kind: 'newer'; answer: Answer }
  | { kind: 'closed' }
  | { kind: 'refused'; reason: string }
  | { kind: 'signed-out' }
  | { kind: 'away' };

export interface Listener {
  sending(answer: Answer): void;
  replied(answer: Answer, reply: Reply): void;
}

type Post = (answer: Answer) => Promise<Reply>;

const PAUSES_MS = [1000, 2000, 4000, 8000, 15000];

/** Sends what waits, one at a time, and tries again until the server has it. */
export class Sender {
  private isBusy = false;
  private isStopped = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  private readonly pending: Pending;
  private readonly post: Post;
  private readonly listener: Listener;

  constructor(pending: Pending, post: Post, listener: Listener) {
    this.pending = pending;
    this.post = post;
    this.listener = listener;
  }

  /** Whether the last try did not reach the server. */
  get isAway(): boolean {
    return this.failures > 0;
  }

  /** Try now, whatever pause is running. */
  kick(): void {
    clearTimeout(this.timer);
    void this.run();
  }

  /** Send nothing more; what is on its way is still booked. */
  stop(): void {
    clearTimeout(this.timer);
    this.isStopped = true;
  }

  private async run(): Promise<void> {
    if (this.isBusy || this.isStopped) return;
    this.isBusy = true;
    let goesOn = true;
    while (goesOn && !this.isStopped) {
      const answer = this.pending.next();
      if (!answer) break;
      this.listener.sending(answer);
      const reply = await this.post(answer);
      goesOn = this.take(answer, reply);
    }
    this.isBusy = false;
  }

  /** Book a reply; return whether to go on with the next at once. */
  private take(answer: Answer, reply: Reply): boolean {
    if (reply.kind === 'saved' || reply.kind === 'refused') this.pending.settle(answer.version, answer.revision);
    // A newer answer stands on the server: whatever waits for this question is older.
    if (reply.kind === 'newer') this.pending.settle(answer.version, reply.answer.revision);
    const reached = reply.kind === 'saved' || reply.kind === 'refused' || reply.kind === 'newer';
    this.failures = reached ? 0 : this.failures + 1;
    this.listener.replied(answer, reply);
    if (this.isStopped) return false;
    if (reply.kind === 'away' || reply.kind === 'signed-out') {
      const pause = PAUSES_MS[Math.min(this.failures, PAUSES_MS.length) - 1];
      this.timer = setTimeout(() => this.kick(), pause);
    }
    return reached;
  }
}

function cookie(name: string): string {
  const found = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : '';
}

/** The token of now: signing in again in another tab changes it. */
export function csrfToken(): string {
  return cookie('csrftoken') || (document.querySelector<HTMLInputElement>('[name=csrfmiddlewaretoken]')?.value ?? '');
}

/** Put one answer to the server. Never throws. */
export async function putAnswer(url: string, answer: Answer): Promise<Reply> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken() },
      body: JSON.stringify(answer),
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    return { kind: 'away' };
  }
  const body: Record<string, unknown> = await response.json().catch(() => ({}));
  if (response.ok) return { kind: 'saved', saved: body as unknown as Saved };
  if (response.status === 401 || response.status === 403 || response.status === 404) return { kind: 'signed-out' };
  if (response.status === 409 && body['answer']) return { kind: 'newer', answer: body['answer'] as Answer };
  if (response.status === 409 || response.status === 410) return { kind: 'closed' };
  if (response.status === 400) return { kind: 'refused', reason: String(body['detail'] ?? body['title'] ?? '') };
  return { kind: 'away' };
}
