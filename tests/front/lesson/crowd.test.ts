// Honest pages over bad networks: whatever happens, every span reaches the server at least once and
// unchanged, and nothing is forgotten before that. The server kept here answers as the real one does.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Acknowledgement, Outcome, Report } from '../../../classroom/learning/static_src/lesson/api.ts';
import { deliver } from '../../../classroom/learning/static_src/lesson/delivery.ts';
import { Reporter } from '../../../classroom/learning/static_src/lesson/reporter.ts';
import { MemoryStore } from './memory-store.ts';

/** Chance that gives the same each time (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Server {
  reports = new Map<string, string>();
  changed = 0;
  got = new Set<number>();

  take(report: Report): Acknowledgement {
    const key = `${report.session}/${report.seq}`;
    const body = JSON.stringify(report.spans);
    const before = this.reports.get(key);
    // A number that was used is answered from what is stored: what was added since would be lost.
    if (before !== undefined && before !== body) this.changed += 1;
    if (before === undefined) {
      this.reports.set(key, body);
      for (const { s, e } of report.spans) for (let at = s; at < e; at += 1000) this.got.add(at);
    }
    return {
      highest_seq: report.seq, coverage: [], furthest_ms: 0, refused: [], has_lease: true, presence: null,
      lesson_completed: false, course_completed: false, session_ms: 0,
    };
  }
}

type Network = 'good' | 'cut' | 'lost answer' | 'dead' | 'signed out';

class World {
  random: () => number;
  server = new Server();
  store = new MemoryStore();
  clock = 0;
  media = 0;
  network: Network = 'good';
  sessions = 0;
  page: Reporter;

  constructor(seed: number) {
    this.random = chance(seed);
    this.page = this.open();
  }

  open(): Reporter {
    this.sessions += 1;
    return new Reporter({
      session: `s${String(this.sessions).padStart(4, '0')}`, person: 'p', store: this.store, allowance: 900_000,
      clock: () => this.clock, now: () => this.clock, position: () => this.media, start: 0, isOpen: () => true,
      post: async (report) => this.post(report), changed: () => undefined, acknowledged: () => undefined,
    });
  }

  post(report: Report): Outcome<Acknowledgement> {
    if (this.network === 'cut') return { kind: 'later', offline: true };
    if (this.network === 'dead') return { kind: 'later', offline: false };
    if (this.network === 'signed out') return { kind: 'signed_out' };
    const value = this.server.take(structuredClone(report));
    return this.network === 'lost answer' ? { kind: 'later', offline: true } : { kind: 'ok', value };
  }

  /** Play a span of five seconds and let the page's timer run beside it. */
  async play(): Promise<void> {
    const [s, t0] = [this.media, this.clock];
    for (let second = 0; second < 5; second += 1) {
      [this.media, this.clock] = [this.media + 1000, this.clock + 1000];
      await this.page.tick();
    }
    await this.page.add({ s, e: this.media, t0, t1: this.clock, rate: 1 });
  }

  /** The page is gone without a word; the next finds what the disk kept. */
  async crash(): Promise<void> {
    this.page = this.open();
    await this.deliver();
  }

  async deliver(): Promise<void> {
    await deliver(this.store, 'p', `s${String(this.sessions).padStart(4, '0')}`, async (one) => this.post(one), this.clock);
  }

  async end(): Promise<void> {
    this.network = 'good';
    await this.page.flush();
    await this.deliver();
  }

  get lost(): number {
    let missing = 0;
    for (let at = 0; at < this.media; at += 1000) if (!this.server.got.has(at)) missing += 1000;
    return missing;
  }
}

const NETWORKS: Network[] = ['good', 'good', 'cut', 'lost answer', 'dead', 'signed out'];

test('three hundred lessons through every mishap lose nothing, and no report ever changes once sent', async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const world = new World(seed);
    for (let step = 0; step < 60; step += 1) {
      if (world.random() < 0.2) world.network = NETWORKS[Math.floor(world.random() * NETWORKS.length)]!;
      await world.play();
      const what = world.random();
      if (what < 0.05) await world.crash();
      else if (what < 0.1) await world.page.flush();
      else if (what < 0.15) world.page.leave();
      else if (what < 0.2) await world.page.contact(true);
      if (world.random() < 0.05) world.clock += 3_600_000;
    }
    await world.end();
    assert.equal(world.lost, 0, `seed ${seed}`);
    assert.equal(world.server.changed, 0, `seed ${seed}`);
    assert.deepEqual(await world.store.all('p'), [], `seed ${seed}`);
  }
});

test('a page that reloads after each span loses nothing', async () => {
  const world = new World(1);
  for (let step = 0; step < 100; step += 1) {
    await world.play();
    await world.crash();
  }
  await world.end();
  assert.deepEqual([world.lost, world.server.changed], [0, 0]);
});

test('an hour in a tunnel is kept and delivered in order', async () => {
  const world = new World(2);
  world.network = 'cut';
  for (let step = 0; step < 720; step += 1) await world.play();
  assert.equal(world.server.got.size, 0);
  assert.ok((await world.store.all('p')).length > 0);
  await world.end();
  assert.equal(world.lost, 0);
  const numbers = [...world.server.reports.keys()].map((key) => Number(key.split('/')[1]));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
});

test('while a report is under way, what is played meanwhile goes into another one', async () => {
  const world = new World(3);
  let release: (() => void) | undefined;
  const post = world.post.bind(world);
  world.post = ((report: Report) =>
    release ? post(report) : new Promise((resolve) => (release = () => resolve(post(report))))) as never;
  await world.play();
  const flushing = world.page.flush();
  await world.play();
  release!();
  await flushing;
  await world.end();
  assert.deepEqual([world.lost, world.server.changed, world.server.reports.size], [0, 0, 2]);
});

test('a wall clock that jumps by a day neither sends sooner nor forgets', async () => {
  const world = new World(4);
  let skew = 0;
  const sent: Report[] = [];
  const page = new Reporter({
    session: 'x', person: 'p', store: world.store, allowance: 900_000,
    clock: () => world.clock, now: () => world.clock + skew, position: () => 0, start: 0, isOpen: () => true,
    post: async (report) => (sent.push(structuredClone(report)), { kind: 'ok', value: world.server.take(report) }),
    changed: () => undefined, acknowledged: () => undefined,
  });
  await page.add({ s: 0, e: 5_000, t0: 0, t1: 5_000, rate: 1 });
  for (skew of [86_400_000, -86_400_000]) await page.tick();
  assert.equal(sent.length, 0);
  assert.equal(page.allowanceLeft, 900_000);
  world.clock = 15_000;
  await page.tick();
  assert.deepEqual(sent.map((one) => one.spans), [[{ s: 0, e: 5_000, t0: 0, t1: 5_000, rate: 1 }]]);
});

test('a disk that is full costs nothing while the page lives', async () => {
  const world = new World(5);
  world.store.put = async () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
  world.network = 'cut';
  for (let step = 0; step < 10; step += 1) await world.play();
  await world.end();
  assert.equal(world.lost, 0);
});

test('a disk that cannot forget sends again and does no harm', async () => {
  const world = new World(6);
  world.store.forget = async () => Promise.reject(new DOMException('gone', 'InvalidStateError'));
  for (let step = 0; step < 10; step += 1) await world.play();
  await world.page.flush();
  assert.equal(world.page.status.state, 'saved');
  assert.deepEqual([world.lost, world.server.changed], [0, 0]);
});

test('what earlier pages left is delivered whole though the disk cannot forget', async () => {
  const world = new World(7);
  world.network = 'cut';
  for (let step = 0; step < 9; step += 1) await world.play();
  world.network = 'good';
  world.store.drop = async () => Promise.reject(new DOMException('gone', 'InvalidStateError'));
  await world.crash();
  assert.deepEqual([world.lost, world.server.changed], [0, 0]);
});

test('an acknowledgement forgets its own report on the disk and not the next one', async () => {
  const world = new World(8);
  world.network = 'cut';
  await world.play();
  await world.page.flush();
  await world.play();
  const post = world.post.bind(world);
  world.post = (report) => {
    world.network = report.seq === 0 ? 'good' : 'cut';
    return post(report);
  };
  await world.page.flush();
  assert.deepEqual((await world.store.all('p')).map((one) => one.seq), [1]);
});

/** Two tabs of one browser: they share the store, the server and the network, and each shows a viewing of its own. */
class Tab extends World {
  name: string;
  other: Tab | null = null;
  /** Whether this browser lets one page know that another lives. */
  tells: boolean;

  constructor(seed: number, name: string, tells: boolean, beside?: Tab) {
    super(seed);
    [this.name, this.tells] = [name, tells];
    if (beside) {
      [this.store, this.server, this.other, beside.other] = [beside.store, beside.server, beside, this];
      this.media = 10_000_000;
    }
    this.page = this.open();
  }

  get session(): string {
    return `${this.name}${String(this.sessions).padStart(4, '0')}`;
  }

  override open(): Reporter {
    this.sessions += 1;
    return new Reporter({
      session: this.session, person: 'p', store: this.store, allowance: 900_000,
      clock: () => this.clock, now: () => this.clock, position: () => this.media, start: 0, isOpen: () => this.tells,
      post: async (report) => this.post(report), changed: () => undefined, acknowledged: () => undefined,
    });
  }

  override async deliver(): Promise<void> {
    const open = new Set(this.tells && this.other ? [this.session, this.other.session] : []);
    await deliver(this.store, 'p', this.session, async (one) => this.post(one), this.clock, open);
  }
}

for (const [tells, browser] of [[true, 'a browser that tells which pages live'], [false, 'one that does not']] as const) {
  test(`two tabs take nothing from each other, however often either delivers, in ${browser}`, async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const one = new Tab(seed, 'a', tells);
      const two = new Tab(seed + 1000, 'b', tells, one);
      for (let step = 0; step < 60; step += 1) {
        const [tab, beside] = one.random() < 0.5 ? [one, two] : [two, one];
        if (one.random() < 0.2) one.network = two.network = NETWORKS[Math.floor(one.random() * NETWORKS.length)]!;
        await tab.play();
        const what = one.random();
        if (what < 0.3) await beside.deliver();
        else if (what < 0.35) await tab.crash();
        else if (what < 0.4) await tab.page.hide();
        else if (what < 0.45) tab.page.leave();
      }
      for (const tab of [one, two]) await tab.end();
      const shown = one.media + two.media - 10_000_000;
      assert.equal(shown - one.server.got.size * 1000, 0, `seed ${seed}`);
      assert.equal(one.server.changed, 0, `seed ${seed}`);
      assert.deepEqual(await one.store.all('p'), [], `seed ${seed}`);
    }
  });
}

test('what a hidden tab keeps is whole: another one delivers it though the first still lives', async () => {
  const one = new Tab(1, 'a', true);
  const two = new Tab(2, 'b', true, one);
  one.network = 'cut';
  await one.play();
  await two.deliver();
  assert.equal(one.server.reports.size, 0, 'while it may grow it is left alone');
  await one.page.hide();
  await two.deliver();
  assert.deepEqual([...one.server.reports.keys()], ['a0002/0']);
});
