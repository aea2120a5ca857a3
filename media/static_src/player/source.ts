// Bringing a lecture's stream into a video element: hls.js where it can work, the browser's own HLS
// elsewhere (iOS, WeChat there). Chromium answers "maybe" to native HLS, so hls.js is asked first.

import type Hls from 'hls.js';
import type { ErrorData } from 'hls.js';
import { nativeFailure, statusOf, verdict, type Failure } from './failures.ts';
import { named, type Sound } from './sounds.ts';

export type { Failure, Sound };

export interface Quality {
  /** Index among the levels; -1 chooses by the network. */
  index: number;
  height: number;
}

/** What `choose` takes for the sound without the picture: a network that brings nothing more still teaches. */
export const SOUND_ONLY = -2;

export interface SourceEvents {
  /** What can be chosen, and whether `SOUND_ONLY` can. */
  qualities: (levels: Quality[], hasSound: boolean) => void;
  quality: (index: number, height: number) => void;
  /** What can be heard, and the index of what is. */
  sounds: (tracks: Sound[], playing: number) => void;
  failed: (failure: Failure) => void;
}

export interface Source {
  /** Choose a quality; -1 lets the network choose, `SOUND_ONLY` leaves the picture out. False where the browser chooses for itself. */
  choose(index: number): boolean;
  /** Choose a sound by its index. */
  hear(index: number): void;
  /** Try again after a failure, from where the element stands. */
  retry(): void;
  destroy(): void;
}

/** Fetch the library; called early, it comes while the session is still being opened. */
export function library(): Promise<{ default: typeof Hls }> {
  return import('hls.js');
}

/** Load `manifest` into `video`, beginning at `start` seconds. */
export async function open(
  video: HTMLVideoElement,
  manifest: string,
  start: number,
  events: SourceEvents,
): Promise<Source> {
  const { default: Library } = await library();
  if (Library.isSupported()) return withLibrary(Library, video, manifest, start, events);
  if (video.canPlayType('application/vnd.apple.mpegurl')) return native(video, manifest, start, events);
  events.failed({ kind: 'unsupported', detail: '' });
  return { choose: () => false, hear: () => undefined, retry: () => undefined, destroy: () => undefined };
}

/**
 * Each height once: where a lecture is there in AV1 too, that is what the library plays, since it has left out
 * already what this browser cannot decode.
 */
export function offered(levels: { height: number; videoCodec?: string }[]): Quality[] {
  const newer = (at: number): boolean => (levels[at]!.videoCodec ?? '').startsWith('av01');
  const best = new Map<number, number>();
  levels.forEach(({ height }, index) => {
    const known = best.get(height);
    if (known === undefined || (newer(index) && !newer(known))) best.set(height, index);
  });
  return [...best].map(([height, index]) => ({ index, height }));
}

const USUAL_BPS = 2_000_000;

/** Bits a second to begin with: what the browser says of its network (Mbit/s, no promise), at most what is usual. */
export function firstGuess(downlink: number | undefined): number {
  return downlink ? Math.min(downlink * 800_000, USUAL_BPS) : USUAL_BPS;
}

/** Play with the library; `open` says where that can be. */
export function withLibrary(
  Library: typeof Hls,
  video: HTMLVideoElement,
  manifest: string,
  start: number,
  events: SourceEvents,
): Source {
  const { Events } = Library;
  const hls = new Library({
    startPosition: start,
    startFragPrefetch: true,
    // Captions are our own tracks, so that the transcript and the picture read the same cues.
    enableWebVTT: false,
    enableIMSC1: false,
    enableCEA708Captions: false,
    renderTextTracksNatively: false,
    capLevelToPlayerSize: true,
    startLevel: -1,
    // The first piece is shown: one that is only weighed costs a round trip before the first frame.
    testBandwidth: false,
    abrEwmaDefaultEstimate: firstGuess((navigator as { connection?: { downlink?: number } }).connection?.downlink),
    maxBufferLength: 60,
    maxMaxBufferLength: 15 * 60,
    backBufferLength: 120,
  });
  let repairs = 0;
  // Addresses of the sounds, and of the one that plays without a picture; the library leaves a rendition without
  // a picture out of its levels, so that one is loaded by itself.
  let sounds: string[] = [];
  let alone = '';
  const load = (address: string): void => {
    const [at, ran] = [video.currentTime, !video.paused];
    hls.config.startPosition = at;
    hls.once(Events.MANIFEST_PARSED, () => {
      if (ran) void video.play().catch(() => undefined);
    });
    hls.loadSource(address);
  };
  hls.on(Events.MANIFEST_PARSED, (_, data) => {
    if (alone) return;
    sounds = data.audioTracks.map((track) => track.url);
    events.qualities(offered(data.levels), sounds.length > 0);
  });
  hls.on(Events.LEVEL_SWITCHED, (_, data) => {
    if (alone) return;
    events.quality(hls.autoLevelEnabled ? -1 : data.level, hls.levels[data.level]?.height ?? 0);
  });
  hls.on(Events.AUDIO_TRACKS_UPDATED, (_, data) => {
    if (alone) return;
    const first = data.audioTracks.findIndex((track) => track.default);
    events.sounds(named(data.audioTracks, reader()), Math.max(hls.audioTrack, first, 0));
  });
  hls.on(Events.ERROR, (_, data: ErrorData) => {
    const said = verdict(data, repairs);
    if (said === 'repair') {
      repairs += 1;
      hls.recoverMediaError();
    } else if (said !== 'go on') events.failed(said);
  });
  hls.loadSource(manifest);
  hls.attachMedia(video);
  return {
    choose(index) {
      const wanted = index === SOUND_ONLY ? alone || (sounds[Math.max(hls.audioTrack, 0)] ?? '') : '';
      if (wanted !== alone) load((alone = wanted) || manifest);
      else if (!alone) hls.nextLevel = index;
      return true;
    },
    hear(index) {
      if (alone) load((alone = sounds[index] ?? alone));
      else hls.audioTrack = index;
    },
    retry() {
      repairs = 0;
      if (hls.levels.length > 0) hls.startLoad(video.currentTime);
      else hls.loadSource(alone || manifest);
    },
    destroy: () => hls.destroy(),
  };
}

/** The language of the page, in which sounds are named. */
function reader(): string {
  return document.documentElement.lang || 'en';
}

/** Safari's list of sounds, which no library of types knows yet. */
type NativeSounds = Iterable<{ label: string; language: string; enabled: boolean }> & EventTarget;

function native(video: HTMLVideoElement, manifest: string, start: number, events: SourceEvents): Source {
  const begin = (): void => {
    if (start > 0) video.currentTime = start;
  };
  let isLeft = false;
  const failed = async (): Promise<void> => {
    const { error } = video;
    const status = await statusOf(manifest);
    if (!isLeft) events.failed(nativeFailure(error, status));
  };
  const heard = (video as HTMLVideoElement & { audioTracks?: NativeSounds }).audioTracks;
  const list = (): void => {
    const tracks = [...(heard ?? [])];
    const playing = tracks.findIndex((track) => track.enabled);
    events.sounds(named(tracks.map(({ label, language }) => ({ name: label, lang: language })), reader()), Math.max(playing, 0));
  };
  heard?.addEventListener('addtrack', list);
  video.addEventListener('loadedmetadata', begin, { once: true });
  video.addEventListener('error', failed);
  video.src = manifest;
  return {
    choose: () => false,
    hear(index) {
      [...(heard ?? [])].forEach((track, at) => (track.enabled = at === index));
    },
    retry() {
      start = video.currentTime;
      video.addEventListener('loadedmetadata', begin, { once: true });
      video.load();
    },
    destroy() {
      isLeft = true;
      heard?.removeEventListener('addtrack', list);
      video.removeEventListener('error', failed);
      video.removeAttribute('src');
      video.load();
    },
  };
}
