// A lecture on a page of its trainer: it plays, says beneath what is wrong, and lets a sound be chosen.

import { open, type Sound } from './source.ts';

/** Load the lecture of `video`; where words and choices go is looked for in `root`. */
export async function preview(video: HTMLVideoElement, root: ParentNode): Promise<void> {
  const said = root.querySelector<HTMLElement>('[data-video-said]');
  const box = root.querySelector<HTMLElement>('[data-sounds]');
  const select = box?.querySelector('select');
  const source = await open(video, video.dataset['manifest'] ?? '', 0, {
    qualities: () => undefined,
    quality: () => undefined,
    sounds: (tracks, playing) => {
      select?.replaceChildren(...tracks.map((track) => choice(track, playing)));
      if (box) box.hidden = tracks.length < 2;
    },
    failed: (failure) => {
      if (said) said.textContent = said.dataset[failure.kind] ?? '';
    },
  });
  select?.addEventListener('change', () => source.hear(Number(select.value)));
}

function choice({ index, label }: Sound, playing: number): HTMLOptionElement {
  return new Option(label, String(index), index === playing, index === playing);
}
