// The preview of a draft: a lecture is loaded once its lesson is opened, not all of them at once.

import { open } from '../../../../media/static_src/player/source.ts';

for (const lesson of document.querySelectorAll<HTMLDetailsElement>('details[data-lesson]')) {
  lesson.addEventListener('toggle', () => {
    const video = lesson.querySelector<HTMLVideoElement>('video[data-manifest]');
    if (lesson.open && video) void load(lesson, video);
  });
}

async function load(lesson: HTMLDetailsElement, video: HTMLVideoElement): Promise<void> {
  const manifest = video.dataset['manifest'] ?? '';
  delete video.dataset['manifest'];
  if (!manifest) return;
  await open(video, manifest, 0, {
    qualities: () => undefined,
    quality: () => undefined,
    failed: (failure) => {
      const said = lesson.querySelector('[data-said]');
      if (said) said.textContent = failure.detail || failure.kind;
    },
  });
}
