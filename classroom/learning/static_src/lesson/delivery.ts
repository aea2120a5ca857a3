// What earlier pages left behind is sent from here: by one round at a time, and once more where the server was busy.

import type { Acknowledgement, Outcome, Report } from './api.ts';
import type { Kept, Store } from './store.ts';
import { wire } from './reporter.ts';
import { openViewings } from './viewing-lock.ts';
import { asTold } from './waiting.ts';

/** After as many failures on end, nothing more of a viewing is tried this time. */
const STUMBLES = 2;
/** What the server refuses after this long is cleared away. */
const STALE_MS = 7 * 24 * 3600 * 1000;
/** A busy server that does not say when is asked again after this long. */
const AGAIN_MS = 60_000;

type Post = (report: Report) => Promise<Outcome<Acknowledgement>>;

export interface DeliveryOptions {
  store: Store;
  person: string;
  /** The viewing of this page, which sends what is its own. */
  current: () => string;
  post: Post;
  /** Something arrived. */
  delivered: () => void;
}

export class Delivery {
  #o: DeliveryOptions;
  #running: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DeliveryOptions) {
    this.#o = options;
  }

  /** Send what was left behind; resolves when this round is over. */
  run(): Promise<void> {
    this.#running ??= this.#round().finally(() => (this.#running = null));
    return this.#running;
  }

  async #round(): Promise<void> {
    const { store, person, current, post, delivered } = this.#o;
    clearTimeout(this.#timer);
    const open = await openViewings();
    const before = leftBehind(await store.all(person), current(), open).length;
    if (before === 0) return;
    let busy: number | null = null;
    const watched: Post = async (report) => {
      const outcome = await post(report);
      if (outcome.kind === 'later' && !outcome.offline) busy = Math.max(busy ?? 0, outcome.after ?? AGAIN_MS);
      return outcome;
    };
    const left = await deliver(store, person, current(), watched, Date.now(), open);
    if (busy !== null) this.#timer = setTimeout(() => void this.run(), asTold(busy, Math.random()));
    if (left < before) delivered();
  }
}

/** Send what earlier pages left behind, in order; returns how many are still waiting. `open` are the viewings
 *  that a page of this browser still shows: what may grow there is not ours to send. */
export async function deliver(
  store: Store,
  person: string,
  current: string,
  post: Post,
  now: number,
  open: ReadonlySet<string> = new Set(),
): Promise<number> {
  const rows = leftBehind(await store.all(person).catch(() => []), current, open);
  let waiting = rows.length;
  const blocked = new Set<string>();
  const failed = new Map<string, number>();
  for (const row of rows) {
    if (blocked.has(row.session)) continue;
    const outcome = await post(wire(row));
    if (outcome.kind === 'signed_out' || isOver(outcome)) return waiting;
    if (outcome.kind === 'ok') {
      // A disk that cannot forget has it sent again, which changes nothing; it must not hold up the rest.
      await store.drop(row.session, row.seq).catch(() => undefined);
      waiting -= 1;
      failed.delete(row.session);
    } else {
      // One report that the server stumbles over holds up no other; a server in trouble is not hammered.
      const times = (failed.get(row.session) ?? 0) + 1;
      failed.set(row.session, times);
      if (outcome.kind === 'refused' || times >= STUMBLES) blocked.add(row.session);
      // By a clock that was wrong when it was kept everything looks old: what a server stumbled over stays.
      if (outcome.kind === 'refused' && now - row.at > STALE_MS) await store.drop(row.session, row.seq).catch(() => undefined);
    }
  }
  return waiting;
}

/** Nothing more gets through now: there is no network, or the server said when to come back. */
function isOver(outcome: Outcome<unknown>): boolean {
  return outcome.kind === 'later' && (outcome.offline || outcome.after !== undefined);
}

/** Return the reports that no page is going to add to or send itself. */
export function leftBehind(rows: Kept[], current: string, open: ReadonlySet<string>): Kept[] {
  return rows.filter((row) => row.session !== current && !(row.grows && open.has(row.session)));
}
