// Speed and captions on two devices: what is chosen is in force at once, kept until the server has it, and the
// newest choice stands everywhere in the end. The server kept here answers as the real one does.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import type { KeptSettings } from '../../../classroom/learning/static_src/lesson/api.ts';
import { Settings } from '../../../classroom/learning/static_src/lesson/settings.ts';
import { newPage, settled } from './dom.ts';

const URL = '/api/learning/settings/';
const ANN = '8e0b6e7c-0000-4000-8000-00000000000a';
const NOTHING: KeptSettings = { rate: null, rate_at_ms: 0, captions: null, captions_at_ms: 0 };
const NOON = 1_790_000_000_000;
const DAY = 24 * 3_600_000;

interface Patch {
  person: string;
  rate?: number;
  captions?: string;
  age_ms: number;
}

class Server {
  kept: KeptSettings = { ...NOTHING };
  heard: Patch[] = [];
  now = (): number => Date.now();

  take(patch: Patch): KeptSettings {
    this.heard.push(patch);
    const at = this.now() - patch.age_ms;
    if (patch.rate !== undefined && at >= this.kept.rate_at_ms) {
      this.kept = { ...this.kept, rate: patch.rate, rate_at_ms: at };
    }
    if (patch.captions !== undefined && at >= this.kept.captions_at_ms) {
      this.kept = { ...this.kept, captions: patch.captions, captions_at_ms: at };
    }
    return { ...this.kept };
  }
}

type Network = 'good' | 'dead' | 'lost answer' | 'signed out' | 'refused' | 'slow';

const realFetch = globalThis.fetch;
const realNow = Date.now;
let server: Server;
let network: Network;
let flights: { method?: string; keepalive?: boolean; land: () => void }[];

async function answer(patch: Patch): Promise<Response> {
  if (network === 'dead') throw new TypeError('no network');
  if (network === 'signed out') return new Response('{}', { status: 403 });
  if (network === 'refused') return new Response('{"detail": "no"}', { status: 400 });
  const said = server.take(patch);
  if (network === 'lost answer') throw new TypeError('cut');
  return new Response(JSON.stringify(said), { status: 200 });
}

beforeEach(() => {
  newPage();
  [server, network, flights] = [new Server(), 'good', []];
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: NOON });
  globalThis.fetch = (async (url: string, init: RequestInit) => {
    assert.equal(url, URL);
    const patch = JSON.parse(init.body as string) as Patch;
    const wait = network === 'slow' ? new Promise<void>((land) => flights.push({ ...init, land } as never)) : null;
    if (!wait) flights.push({ method: init.method, keepalive: init.keepalive, land: () => undefined });
    await wait;
    return answer(patch);
  }) as typeof fetch;
});

afterEach(() => {
  mock.timers.reset();
  [globalThis.fetch, Date.now] = [realFetch, realNow];
});

const begin = (kept: KeptSettings = NOTHING, person = ANN): Settings => new Settings(URL, person, kept);

async function wait(ms: number): Promise<void> {
  mock.timers.tick(ms);
  for (let round = 0; round < 5; round += 1) await settled();
}

test('what the server keeps is in force', () => {
  const settings = begin({ rate: 1.5, rate_at_ms: 5, captions: 'off', captions_at_ms: 6 });
  assert.deepEqual([settings.rate, settings.captions], [1.5, 'off']);
  assert.deepEqual([begin().rate, begin().captions], [null, null]);
});

test('a choice is in force at once and sent once it has settled: the last of many tries, and whose it is', async () => {
  const settings = begin();
  for (const rate of [1.25, 1.5, 1.75]) {
    settings.choose('rate', rate);
    await wait(500);
  }
  assert.deepEqual([settings.rate, server.heard], [1.75, []]);
  await wait(300);
  assert.deepEqual(server.heard, [{ person: ANN, rate: 1.75, age_ms: 800 }]);
  assert.deepEqual([flights[0]!.method, server.kept.rate], ['PATCH', 1.75]);
  await wait(60_000);
  assert.equal(server.heard.length, 1);
});

test('speed and captions are sent each by itself, so that a refused one takes none with it', async () => {
  const settings = begin();
  settings.choose('captions', 'en');
  settings.choose('rate', 0.5);
  await wait(1_000);
  assert.deepEqual(server.heard.map(({ rate, captions }) => [rate, captions]), [[0.5, undefined], [undefined, 'en']]);
});

for (const cut of ['dead', 'lost answer', 'signed out'] as const) {
  test(`chosen while the network is ${cut}, it outlives the page and arrives later as the choice of then`, async () => {
    network = cut;
    begin().choose('rate', 1.5);
    await wait(1_000);
    const [settings, chosen] = [begin(), NOON];
    assert.equal(settings.rate, 1.5);
    await wait(3_600_000);
    network = 'good';
    server.heard = [];
    await settings.flush();
    assert.equal(Date.now() - server.heard[0]!.age_ms, chosen);
    assert.deepEqual([server.kept.rate, server.kept.rate_at_ms], [1.5, chosen]);
    assert.equal(begin(server.kept).rate, 1.5);
    await begin(server.kept).flush();
    assert.equal(server.heard.length, 1);
  });
}

test('a server that cannot be heard is asked again by itself, not in a hurry', async () => {
  network = 'dead';
  const settings = begin();
  settings.choose('captions', 'off');
  await wait(1_000);
  assert.equal(flights.length, 1);
  await wait(19_000);
  assert.equal(flights.length, 1);
  network = 'good';
  await wait(2_000);
  assert.deepEqual([flights.length, server.kept.captions, settings.captions], [2, 'off', 'off']);
});

test('what is chosen while the choice before is under way is neither lost nor overtaken', async () => {
  network = 'slow';
  const settings = begin();
  settings.choose('rate', 1.25);
  await wait(1_000);
  settings.choose('rate', 2);
  await wait(1_000);
  assert.equal(flights.length, 1);
  flights[0]!.land();
  for (let round = 0; round < 5; round += 1) await settled();
  assert.equal(settings.rate, 2);
  flights[1]!.land();
  for (let round = 0; round < 5; round += 1) await settled();
  assert.deepEqual(server.heard.map(({ rate }) => rate), [1.25, 2]);
  assert.equal(begin(server.kept).rate, 2);
});

test('a choice that the server will never take is given up, and what it keeps is in force again', async () => {
  const settings = begin({ ...NOTHING, captions: 'en', captions_at_ms: 1 });
  let told = 0;
  settings.onChange = () => (told += 1);
  network = 'refused';
  settings.choose('captions', 'xx');
  await wait(1_000);
  assert.deepEqual([settings.captions, told], ['en', 1]);
  await wait(60_000);
  assert.equal(flights.length, 1);
  assert.equal(begin().captions, null);
});

test('what another device chose since comes with the answer and takes its place', async () => {
  network = 'dead';
  const settings = begin();
  const seen: (number | null)[] = [];
  settings.onChange = () => seen.push(settings.rate);
  settings.choose('rate', 1.5);
  await wait(60_000);
  server.kept = { ...NOTHING, rate: 0.75, rate_at_ms: Date.now() };
  network = 'good';
  await wait(20_000);
  assert.deepEqual([settings.rate, seen], [0.75, [0.75]]);
});

test('news from the server are taken where they are newer, and tell only what changed', () => {
  const settings = begin({ rate: 1.5, rate_at_ms: 100, captions: 'en', captions_at_ms: 200 });
  let told = 0;
  settings.onChange = () => (told += 1);
  settings.take({ rate: 2, rate_at_ms: 99, captions: 'off', captions_at_ms: 150 });
  assert.deepEqual([settings.rate, settings.captions, told], [1.5, 'en', 0]);
  settings.take({ rate: 2, rate_at_ms: 99, captions: 'off', captions_at_ms: 201 });
  assert.deepEqual([settings.rate, settings.captions, told], [1.5, 'off', 1]);
  settings.take({ rate: 1.5, rate_at_ms: 300, captions: 'off', captions_at_ms: 300 });
  assert.equal(told, 1);
});

test('news do not take the place of a choice that still waits', () => {
  const settings = begin();
  settings.choose('rate', 1.5);
  settings.onChange = () => assert.fail('nothing changed here');
  settings.take({ ...NOTHING, rate: 2, rate_at_ms: NOON + DAY });
  assert.equal(settings.rate, 1.5);
});

test('on a shared device a choice is its own person\'s, and waits for that person to come back', async () => {
  network = 'dead';
  begin().choose('rate', 2);
  await wait(1_000);
  network = 'good';
  const other = begin(NOTHING, 'another');
  await other.flush();
  assert.deepEqual([other.rate, server.heard], [null, []]);
  const back = begin();
  await back.flush();
  assert.deepEqual([server.heard[0]!.person, server.kept.rate], [ANN, 2]);
});

test('a page that speaks to another address, as a preview does, leaves alone what waits for this one', async () => {
  network = 'dead';
  begin().choose('rate', 2);
  await wait(1_000);
  network = 'good';
  const preview = new Settings('/api/elsewhere/', ANN, NOTHING);
  await preview.flush();
  assert.deepEqual([preview.rate, server.heard, begin().rate], [null, [], 2]);
});

for (const left of ['', '{', '[]', '[1.5]', '["1.5", 1]', '[1.5, "now"]', 'null', '{"value": 2}']) {
  test(`what the device kept as ${JSON.stringify(left)} is no choice`, async () => {
    localStorage.setItem(`lesson:rate:${ANN}:${URL}`, left);
    const settings = begin();
    await settings.flush();
    assert.deepEqual([settings.rate, flights.length], [null, 0]);
  });
}

test('a browser that keeps nothing still sends', async () => {
  const refuse = (): never => {
    throw new Error('forbidden');
  };
  Object.assign(globalThis, { localStorage: { getItem: refuse, setItem: refuse, removeItem: refuse } });
  const settings = begin();
  settings.choose('rate', 1.5);
  await wait(1_000);
  assert.deepEqual([settings.rate, server.kept.rate], [1.5, 1.5]);
});

test('a page that goes sends what has not settled, in a way that outlives it', async () => {
  const settings = begin();
  settings.leave();
  assert.equal(flights.length, 0);
  settings.choose('captions', 'en');
  settings.leave();
  assert.deepEqual(flights.map(({ keepalive }) => keepalive), [true]);
  await wait(0);
  assert.equal(server.kept.captions, 'en');
});

for (const [shift, age] of [[-DAY, 0], [400 * DAY, 366 * DAY]] as const) {
  test(`a choice that is ${shift / DAY} days old by a clock that was set is said to be as old as may be`, async () => {
    localStorage.setItem(`lesson:rate:${ANN}:${URL}`, JSON.stringify([1.5, NOON]));
    Date.now = () => NOON + shift;
    await begin().flush();
    assert.equal(server.heard[0]!.age_ms, age);
  });
}

// Two devices, whatever the network does.

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

for (let seed = 1; seed <= 40; seed += 1) {
  test(`two devices with wrong clocks and a bad network end with the newest choice (${seed})`, async () => {
    const random = chance(seed);
    let clock = NOON;
    let newest: number | null = null;
    server.now = () => clock;
    const devices = [0, 1].map((number) => ({
      skew: Math.round((random() - 0.5) * 4 * DAY), storage: new Map<string, string>(), settings: null as Settings | null, number,
    }));
    type Device = (typeof devices)[number];
    const at = (device: Device): Settings => {
      const { storage } = device;
      Date.now = () => clock + device.skew;
      Object.assign(globalThis, {
        localStorage: {
          getItem: (key: string) => storage.get(key) ?? null,
          setItem: (key: string, value: string) => void storage.set(key, value),
          removeItem: (key: string) => void storage.delete(key),
        },
      });
      return (device.settings ??= begin({ ...server.kept }));
    };
    for (let step = 0; step < 40; step += 1) {
      clock += 1_000 + Math.floor(random() * 100_000);
      const device = devices[Math.floor(random() * 2)]!;
      const settings = at(device);
      network = (['good', 'good', 'dead', 'lost answer'] as const)[Math.floor(random() * 4)]!;
      const deed = random();
      if (deed < 0.4) settings.choose('rate', (newest = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2][Math.floor(random() * 7)]!));
      else if (deed < 0.7) await settings.flush();
      else if (deed < 0.8) settings.leave();
      else if (deed < 0.9) device.settings = null;
      else if (network === 'good') settings.take({ ...server.kept });
      for (let round = 0; round < 5; round += 1) await settled();
    }
    network = 'good';
    for (const device of [...devices, ...devices]) {
      await at(device).flush();
      at(device).take({ ...server.kept });
    }
    assert.deepEqual(devices.map((device) => device.settings!.rate), [newest, newest]);
    assert.equal(server.kept.rate, newest);
  });
}
