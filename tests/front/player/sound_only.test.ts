// The sound without its picture, for a network that brings nothing more: asked of the library as it wants to be asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SOUND_ONLY, withLibrary } from '../../../media/static_src/player/source.ts';

/** As much of hls.js as is called: it keeps what it was told, and tells what a playlist holds. */
class Library {
  static Events = { MANIFEST_PARSED: 'parsed', LEVEL_SWITCHED: 'switched', AUDIO_TRACKS_UPDATED: 'sounds', ERROR: 'error' };
  static last: Library;
  config: { startPosition: number };
  levels: unknown[] = [];
  loaded: string[] = [];
  audioTrack = 0;
  nextLevel = -1;
  autoLevelEnabled = true;
  #heard: [string, (name: string, data: unknown) => void, boolean][] = [];

  constructor(config: { startPosition: number }) {
    this.config = config;
    Library.last = this;
  }

  on(name: string, call: (name: string, data: unknown) => void): void {
    this.#heard.push([name, call, false]);
  }

  once(name: string, call: (name: string, data: unknown) => void): void {
    this.#heard.push([name, call, true]);
  }

  tell(name: string, data: unknown): void {
    const calls = this.#heard.filter(([heard]) => heard === name);
    this.#heard = this.#heard.filter(([heard, , once]) => heard !== name || !once);
    for (const [, call] of calls) call(name, data);
  }

  loadSource(address: string): void {
    this.loaded.push(address);
  }

  attachMedia(): void {}
}

const SOUNDS = [{ name: 'zh', lang: 'zh', url: '/a0', default: true }, { name: 'en', lang: 'en', url: '/a1', default: false }];

function playing(): { source: ReturnType<typeof withLibrary>; library: Library; video: { played: number }; told: string[] } {
  (globalThis as { document?: unknown }).document = { documentElement: { lang: 'en' } };
  const video = { currentTime: 42, paused: false, played: 0, play: () => Promise.resolve(void (video.played += 1)) };
  const told: string[] = [];
  const source = withLibrary(Library as never, video as never, '/master', 7, {
    qualities: (levels, hasSound) => told.push(`qualities ${levels.map(({ height }) => height).join()} ${hasSound}`),
    quality: (index, height) => told.push(`quality ${index} ${height}`),
    sounds: (list, at) => told.push(`sounds ${list.length} ${at}`),
    failed: ({ kind }) => told.push(`failed ${kind}`),
  });
  const library = Library.last;
  library.tell('parsed', { levels: [{ height: 480 }, { height: 720 }], audioTracks: SOUNDS });
  library.tell('sounds', { audioTracks: SOUNDS });
  return { source, library, video, told };
}

test('the sound alone is loaded where the picture stood, and goes on playing', () => {
  const { source, library, video, told } = playing();
  assert.deepEqual(told, ['qualities 480,720 true', 'sounds 2 0']);
  source.choose(SOUND_ONLY);
  assert.deepEqual([library.loaded, library.config.startPosition], [['/master', '/a0'], 42]);
  library.tell('parsed', { levels: [{ height: 0 }], audioTracks: [] });
  library.tell('sounds', { audioTracks: [] });
  library.tell('switched', { level: 0 });
  assert.equal(video.played, 1);
  assert.equal(told.length, 2, 'a playlist of sound alone has no qualities to offer');
  source.choose(SOUND_ONLY);
  assert.equal(library.loaded.length, 2, 'asking twice loads once');
});

test('another sound is heard alone too, and the picture comes back with every quality', () => {
  const { source, library, told } = playing();
  library.audioTrack = 1;
  source.choose(SOUND_ONLY);
  source.hear(0);
  assert.deepEqual(library.loaded, ['/master', '/a1', '/a0']);
  source.choose(1);
  assert.deepEqual(library.loaded.at(-1), '/master');
  library.tell('parsed', { levels: [{ height: 480 }, { height: 720 }], audioTracks: SOUNDS });
  assert.equal(told.at(-1), 'qualities 480,720 true');
  source.choose(1);
  assert.deepEqual([library.nextLevel, library.loaded.length], [1, 4]);
});

test('a lecture without sound does not offer it alone', () => {
  const { library, source, told } = playing();
  library.tell('parsed', { levels: [{ height: 480 }], audioTracks: [] });
  assert.equal(told.at(-1), 'qualities 480 false');
  source.choose(SOUND_ONLY);
  assert.equal(library.loaded.length, 1);
});
