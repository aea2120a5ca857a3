import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Captions } from '../../../classroom/learning/static_src/lesson/captions.ts';
import { device, mediaKeys } from '../../../classroom/learning/static_src/lesson/device.ts';
import { onLeaving } from '../../../classroom/learning/static_src/lesson/leaving.ts';
import { FakeElement, newPage, page } from './dom.ts';

const realFetch = globalThis.fetch;
const realNavigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator')!;

function browser(given: Record<string, unknown>): void {
  Object.defineProperty(globalThis, 'navigator', { value: given, configurable: true });
}

beforeEach(() => newPage());
afterEach(() => {
  Object.defineProperty(globalThis, 'navigator', realNavigator);
  globalThis.fetch = realFetch;
});

// Media keys.

type Keys = Record<string, (detail: Record<string, number | undefined>) => void>;

function keys(next = '', unknown: string[] = []) {
  const handlers: Keys = {};
  const told: unknown[] = [];
  browser({
    mediaSession: {
      metadata: null,
      setActionHandler: (name: string, handler: Keys[string]) => {
        if (unknown.includes(name)) throw new TypeError(name);
        handlers[name] = handler;
      },
      setPositionState: (state: unknown) => told.push(state),
    },
  });
  Object.assign(globalThis, { MediaMetadata: class { constructor(given: object) { Object.assign(this, given); } } });
  const lecture = { isLoaded: true, position: 60_000, video: { paused: false, playbackRate: 1.5, pause: () => done.push('pause') } };
  const done: string[] = [];
  const data = { duration_ms: 180_000, addresses: { next }, metadata: { title: 'Lesson 1' } };
  const made = mediaKeys(lecture as never, data as never, (ms) => done.push(`seek ${ms}`), () => done.push('play'));
  return { handlers, told, done, lecture, made };
}

test('media keys play, pause and jump like the page\'s own', () => {
  const { handlers, done } = keys();
  handlers.play!({});
  handlers.pause!({});
  handlers.seekbackward!({});
  handlers.seekforward!({ seekOffset: 30 });
  handlers.seekto!({ seekTime: 12.5 });
  assert.deepEqual(done, ['play', 'pause', 'seek 50000', 'seek 90000', 'seek 12500']);
});

test('the next key is there only where there is a next lesson, and a browser may lack any key', () => {
  assert.equal('nexttrack' in keys().handlers, false);
  assert.equal('nexttrack' in keys('/learn/1/x/').handlers, true);
  const { handlers } = keys('', ['seekto', 'seekforward']);
  assert.deepEqual(Object.keys(handlers), ['play', 'pause', 'seekbackward']);
});

test('the lock screen is told a place within the lecture, and none before it is loaded', () => {
  const { made, told, lecture } = keys();
  made.tell();
  lecture.position = 999_000;
  made.tell();
  lecture.isLoaded = false;
  made.tell();
  assert.deepEqual(told, [
    { duration: 180, position: 60, playbackRate: 1.5 }, { duration: 180, position: 180, playbackRate: 1.5 },
  ]);
});

test('a browser without media keys goes without', () => {
  browser({});
  mediaKeys({} as never, {} as never, () => undefined, () => undefined).tell();
});

for (const [agent, name] of [
  ['Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/140.0 Safari/537 Edg/140.0', 'Windows Edge'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile Safari/604', 'iPhone Safari'],
  ['Mozilla/5.0 (Linux; Android 15) MicroMessenger/8.0', 'Android WeChat'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Chrome/140.0 Safari/537', 'Mac Chrome'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0', 'Linux Firefox'],
  ['curl', ''],
] as const) {
  test(`"${agent.slice(0, 40)}…" is called "${name}", and nothing that tells people apart`, () => {
    browser({ userAgent: agent });
    assert.equal(device(), name);
  });
}

// Coming and going.

test('the page tells when it is left, hidden, seen again and online', () => {
  const heard: string[] = [];
  const handlers: Record<string, () => void> = {};
  Object.assign(globalThis, { addEventListener: (name: string, handler: () => void) => (handlers[name] = handler) });
  const note = (name: string) => (): void => void heard.push(name);
  onLeaving({ left: note('left'), hidden: note('hidden'), online: note('online'), focused: note('focused') });
  for (const name of ['pagehide', 'online', 'focus']) handlers[name]!();
  page.fire('visibilitychange');
  page.visibilityState = 'hidden';
  page.fire('visibilitychange');
  assert.deepEqual(heard, ['left', 'online', 'focused', 'hidden']);
});

// Captions.

const VTT = (text: string): string => `WEBVTT\n\n00:00.000 --> 00:04.000\n${text}\n`;
const SOURCES = [
  { language: 'zh-Hans', label: '中文', url: '/zh.vtt' }, { language: 'en', label: 'English', url: '/en.vtt' },
];

/** What a person wishes, and chooses. */
function wish(captions: string | null) {
  return {
    captions,
    choose(name: string, value: string): void {
      assert.equal(name, 'captions');
      this.captions = value;
    },
  };
}

function captions(files: Record<string, string | number>, wished: string | null = null) {
  const overlay = page.add('captions');
  const video = new FakeElement('video');
  const fetched: string[] = [];
  const heard: [number, string][] = [];
  globalThis.fetch = (async (url: string) => {
    fetched.push(url);
    const found = files[url] ?? 404;
    return typeof found === 'number' ? new Response('', { status: found }) : new Response(found);
  }) as typeof fetch;
  const settings = wish(wished);
  const made = new Captions(video as never, settings as never);
  made.onCues = (cues, language) => heard.push([cues.length, language]);
  return { made, overlay, video, fetched, heard, settings };
}

test('the first language offered is shown on the picture and in the transcript, from one reading', async () => {
  const { made, overlay, video, fetched, heard } = captions({ '/zh.vtt': VTT('资质认定') });
  await made.offer(SOURCES);
  made.draw(1_000);
  assert.deepEqual([overlay.textContent, overlay.hidden, overlay.lang], ['资质认定', false, 'zh-Hans']);
  made.draw(5_000);
  assert.deepEqual([overlay.textContent, overlay.hidden], ['', true]);
  assert.deepEqual([fetched, heard], [['/zh.vtt'], [[1, 'zh-Hans']]]);
  assert.equal(video.children.length, 2);
});

test('the language chosen before is chosen again, and one that is gone is not missed', async () => {
  const { made, settings } = captions({ '/zh.vtt': VTT('一'), '/en.vtt': VTT('one') });
  await made.offer(SOURCES);
  await made.choose('en');
  await made.offer(SOURCES);
  assert.equal(made.language, 'en');
  await made.offer([SOURCES[0]!]);
  assert.deepEqual([made.language, settings.captions], ['zh-Hans', 'en']);
  await made.offer(SOURCES);
  assert.equal(made.language, 'en');
});

for (const [wished, language] of [['en', 'en'], ['off', null], [null, 'zh-Hans'], ['ja', 'zh-Hans']] as const) {
  test(`who wished ${wished} on another device sees ${language} from the first picture on`, async () => {
    const { made, settings, overlay } = captions({ '/zh.vtt': VTT('一'), '/en.vtt': VTT('one') }, wished);
    await made.offer(SOURCES);
    made.draw(1_000);
    assert.deepEqual([made.language, overlay.textContent === ''], [language, language === null]);
    assert.equal(settings.captions, wished);
  });
}

test('switched off and on by one key, the language last on the picture comes back', async () => {
  const { made, settings } = captions({ '/zh.vtt': VTT('一'), '/en.vtt': VTT('one') }, 'en');
  await made.offer(SOURCES);
  await made.toggle();
  assert.deepEqual([made.language, settings.captions], [null, 'off']);
  await made.toggle();
  assert.deepEqual([made.language, settings.captions], ['en', 'en']);
});

test('who wished none and switches them on reads the language that is spoken', async () => {
  const { made, settings } = captions({ '/zh.vtt': VTT('一') }, 'off');
  await made.offer(SOURCES);
  await made.toggle();
  assert.deepEqual([made.language, settings.captions], ['zh-Hans', 'zh-Hans']);
});

test('a lecture without captions has nothing to switch, and leaves the wish for the others alone', async () => {
  const { made, settings } = captions({}, 'en');
  await made.offer([]);
  await made.toggle();
  assert.equal(settings.captions, 'en');
});

test('another device chose: the picture follows, off and on', async () => {
  const { made, settings, heard } = captions({ '/zh.vtt': VTT('一'), '/en.vtt': VTT('one') });
  await made.offer(SOURCES);
  for (const [wished, language] of [['en', 'en'], ['off', null], ['zh-Hans', 'zh-Hans']] as const) {
    settings.captions = wished;
    await made.follow();
    assert.equal(made.language, language);
  }
  assert.deepEqual(heard.map(([, language]) => language), ['zh-Hans', 'en', 'zh-Hans', 'zh-Hans']);
});

test('switched off they leave the picture and stay in the transcript, on the next visit, too', async () => {
  const { made, overlay, heard } = captions({ '/zh.vtt': VTT('一') });
  await made.offer(SOURCES);
  await made.choose(null);
  made.draw(1_000);
  assert.equal(overlay.textContent, '');
  await made.offer(SOURCES);
  assert.deepEqual([made.language, heard.at(-1)], [null, [1, 'zh-Hans']]);
});

test('a language that cannot be read never stands in the way and is tried again', async () => {
  const files: Record<string, string | number> = { '/zh.vtt': 500 };
  const { made, fetched, heard } = captions(files);
  await made.offer(SOURCES);
  assert.deepEqual(heard, [[0, 'zh-Hans']]);
  files['/zh.vtt'] = VTT('一');
  await made.show('zh-Hans');
  assert.deepEqual([fetched.length, heard.at(-1)], [2, [1, 'zh-Hans']]);
});

test('an answer that comes after another choice does not take its place', async () => {
  const { made, heard } = captions({ '/zh.vtt': VTT('一'), '/en.vtt': VTT('one') });
  made.offer(SOURCES).catch(() => undefined);
  await made.show('en');
  for (let round = 0; round < 20; round += 1) await Promise.resolve();
  assert.equal(made.language, 'en');
  assert.deepEqual(heard.at(-1), [1, 'en']);
});

test('a grant that is renewed offers each language once', async () => {
  const { made, video, fetched } = captions({ '/zh.vtt': VTT('一') });
  for (let round = 0; round < 3; round += 1) await made.offer(SOURCES);
  assert.deepEqual([video.children.length, fetched.length], [2, 1]);
});

test('without captions the transcript hears that there are none', async () => {
  const { made, heard } = captions({});
  await made.offer([]);
  assert.deepEqual([made.language, heard], [null, [[0, '']]]);
});
