// The lecture admin: rows that move by themselves, the preview, and a question before something goes.

import './lectures.css';
import './chapters.css';
import { poll } from './live.ts';

interface Answer {
  rows: Record<string, string>;
  notice: string;
  moving: boolean;
}

const list = document.querySelector<HTMLElement>('#lec-rows');
if (list?.dataset['live']) watch(list, list.dataset['live']);
for (const part of document.querySelectorAll<HTMLElement>('[data-part]')) follow(part, part.dataset['part'] ?? '');
for (const video of document.querySelectorAll<HTMLVideoElement>('video[data-manifest]')) void play(video);
document.addEventListener('submit', (event) => {
  const form = event.target as HTMLFormElement;
  if (form.dataset['sure'] && !window.confirm(form.dataset['sure'])) event.preventDefault();
});

function watch(rows: HTMLElement, address: string): void {
  const keys = () =>
    [...rows.querySelectorAll<HTMLElement>('[data-row^="lecture-"]')].map((row) => row.dataset['row'] ?? '');
  const stop = poll({
    address: () => `${address}?rows=${keys().join(',')}&uploads=${rows.dataset['uploads'] ?? '0'}`,
    moving: () => rows.dataset['moving'] === '1',
    take: async (response) => {
      const answer = (await response.json()) as Answer;
      const isDone = rows.dataset['reload'] === '1' && rows.dataset['moving'] === '1' && !answer.moving;
      // Whoever watches it is not interrupted: the page is loaded anew with the next pause.
      if (isDone && isWatched()) return show(rows, answer.rows);
      if (isDone) {
        stop();
        window.location.reload();
        return;
      }
      rows.dataset['moving'] = answer.moving ? '1' : '0';
      show(rows, answer.rows);
      notice(answer.notice);
    },
  });
  // The uploader tells when a lecture has come into being or an upload was given up.
  document.addEventListener('lectures:changed', () => window.location.reload());
}

function isWatched(): boolean {
  return [...document.querySelectorAll('video')].some((video) => !video.paused && !video.ended);
}

/** Put the new rows into the place of the old ones; what was focused stays focused. */
function show(rows: HTMLElement, fresh: Record<string, string>): void {
  for (const row of rows.querySelectorAll<HTMLElement>('[data-row]')) {
    const key = row.dataset['row'] ?? '';
    const html = fresh[key];
    if (html === undefined) {
      if (key.startsWith('upload-')) row.remove();
      continue;
    }
    const made = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
    if (!made || made.outerHTML === row.outerHTML) continue;
    const focusable = 'a, button, input';
    const at = [...row.querySelectorAll(focusable)].indexOf(document.activeElement as Element);
    row.replaceWith(made);
    if (at >= 0) made.querySelectorAll<HTMLElement>(focusable)[at]?.focus();
  }
}

function notice(words: string): void {
  const box = document.querySelector<HTMLElement>('#lec-notice');
  const said = box?.querySelector('[data-notice]');
  if (!box || !said) return;
  if (said.textContent !== words) said.textContent = words;
  box.hidden = words === '';
}

function follow(part: HTMLElement, address: string): void {
  poll({
    address: () => address,
    moving: () => true,
    take: async (response) => {
      const made = new DOMParser().parseFromString(await response.text(), 'text/html');
      const focused = part.contains(document.activeElement) ? document.activeElement?.id : '';
      part.replaceChildren(...made.body.childNodes);
      if (focused) document.getElementById(focused)?.focus();
    },
  });
}

async function play(video: HTMLVideoElement): Promise<void> {
  const { preview } = await import('../player/preview.ts');
  await preview(video, document);
}
