// What the device offers besides the page: its media keys, its lock screen, its name.

import type { Lecture } from '../../../../media/static_src/player/lecture.ts';
import type { LessonData } from './page.ts';

/** Answer media keys and show the lecture on the lock screen; `tell` corrects the position shown there. */
export function mediaKeys(
  lecture: Lecture,
  data: LessonData,
  seek: (ms: number) => void,
  play: () => void,
): { tell: () => void } {
  const session = navigator.mediaSession;
  if (!session) return { tell: () => undefined };
  session.metadata = new MediaMetadata(data.metadata);
  const set = (name: MediaSessionAction, handler: MediaSessionActionHandler): void => {
    try {
      session.setActionHandler(name, handler);
    } catch {
      // A browser that does not know this key has no such key.
    }
  };
  set('play', play);
  set('pause', () => lecture.video.pause());
  set('seekbackward', ({ seekOffset }) => seek(lecture.position - (seekOffset ?? 10) * 1000));
  set('seekforward', ({ seekOffset }) => seek(lecture.position + (seekOffset ?? 10) * 1000));
  set('seekto', ({ seekTime }) => seek((seekTime ?? 0) * 1000));
  const { next, previous } = data.addresses;
  if (next) set('nexttrack', () => location.assign(next));
  if (previous) set('previoustrack', () => location.assign(previous));
  return {
    tell() {
      if (!lecture.isLoaded) return;
      const duration = data.duration_ms / 1000;
      const position = Math.min(lecture.position / 1000, duration);
      session.setPositionState({ duration, position, playbackRate: lecture.video.playbackRate });
    },
  };
}

/** What this device is called in the learner's own list; nothing that tells one person from another. */
export function device(): string {
  return [SYSTEMS, BROWSERS]
    .map((known) => known.find(([sign]) => navigator.userAgent.includes(sign))?.[1] ?? '')
    .join(' ')
    .trim();
}

// The first that fits: Android calls itself Linux, too, and every browser Chrome or Safari.
const SYSTEMS = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Mac OS', 'Mac'],
  ['Linux', 'Linux'],
] as const;
const BROWSERS = [
  ['MicroMessenger', 'WeChat'],
  ['Edg', 'Edge'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const;
