// A lecture on a page of its trainer: it plays, says beneath what is wrong, and lets a sound be chosen. Such a
// page stays open for a day's work, longer than a right to stream lasts: that is renewed where it ran out. Of a
// lecture that is still being made there are more qualities by and by: they are taken up while it stands still.

import type { Failure } from './failures.ts';
import { open, type Sound, type Source } from './source.ts';
import { token } from '../token.ts';

/** A right that was renewed so lately and is refused again is refused for another reason, ms. */
const RENEWED_MS = 60_000;
/** How often a lecture that is still being made is looked at. */
const LOOK_MS = 10_000;

export interface Means {
  open: typeof open;
  /** Return the address of the stream under a fresh right, or "" where there is none. */
  renew: (address: string) => Promise<string>;
  /** Return the playlist of all qualities, or "" where it does not come. */
  look: (address: string) => Promise<string>;
  every: (ms: number, run: () => Promise<void>) => void;
  now: () => number;
}

const MEANS: Means = {
  open,
  renew,
  look: async (address) => (await fetch(address, { cache: 'no-store' }).catch(() => null))?.text() ?? '',
  every: (ms, run) => void window.setInterval(() => void run(), ms),
  now: () => performance.now(),
};

/** Load the lecture of `video`; where words and choices go is looked for in `root`. */
export async function preview(video: HTMLVideoElement, root: ParentNode, means: Means = MEANS): Promise<void> {
  const said = root.querySelector<HTMLElement>('[data-video-said]');
  const box = root.querySelector<HTMLElement>('[data-sounds]');
  const select = box?.querySelector('select');
  let manifest = video.dataset['manifest'] ?? '';
  let source: Source | null = null;
  let renewedAt = -RENEWED_MS;

  const say = (text: string): void => {
    if (said) said.textContent = text;
  };
  const failed = async (failure: Failure): Promise<void> => {
    const isNew = failure.kind === 'refused' && means.now() - renewedAt >= RENEWED_MS;
    const fresh = isNew ? await means.renew(manifest) : '';
    if (!fresh) return say(said?.dataset[failure.kind] ?? '');
    [manifest, renewedAt] = [fresh, means.now()];
    say('');
    await begin();
  };
  const begin = async (): Promise<void> => {
    const [at, runs] = [video.currentTime, !video.paused && !video.ended];
    source?.destroy();
    source = await means.open(video, manifest, at, {
      qualities: () => undefined,
      quality: () => undefined,
      sounds: (tracks, playing) => {
        select?.replaceChildren(...tracks.map((track) => choice(track, playing)));
        if (box) box.hidden = tracks.length < 2;
      },
      failed: (failure) => void failed(failure),
    });
    if (runs) void video.play().catch(() => undefined);
  };

  select?.addEventListener('change', () => source?.hear(Number(select.value)));
  await begin();
  if (video.dataset['early'] !== '1') return;
  let known = streams(await means.look(manifest));
  let isMore = false;
  const takeUp = async (): Promise<void> => {
    if (!isMore || !video.paused) return;
    isMore = false;
    await begin();
  };
  video.addEventListener('pause', () => void takeUp());
  means.every(LOOK_MS, async () => {
    const found = streams(await means.look(manifest));
    if (!found || found === known) return;
    [known, isMore] = [found, true];
    await takeUp();
  });
}

/** The streams that a playlist names; what it says of their bits changes with every piece that is made. */
function streams(playlist: string): string {
  return (playlist.match(/^[^#\s].*$/gm) ?? []).join('\n');
}

async function renew(address: string): Promise<string> {
  const answer = await fetch('/api/playback/renew/', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token() },
    body: JSON.stringify({ url: address }),
  }).catch(() => null);
  if (!answer?.ok) return '';
  const { manifest_url: fresh } = (await answer.json()) as { manifest_url?: unknown };
  return typeof fresh === 'string' ? fresh : '';
}

function choice({ index, label }: Sound, playing: number): HTMLOptionElement {
  return new Option(label, String(index), index === playing, index === playing);
}
