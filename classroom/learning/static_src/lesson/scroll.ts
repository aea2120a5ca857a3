// Bringing something into view without taking the page away from its reader.

/** Scroll `list` so far that `entry` can be seen; the page stays where it is. */
export function reveal(list: HTMLElement, entry: HTMLElement): void {
  if (list.scrollHeight <= list.clientHeight) return;
  const top = entry.offsetTop - list.offsetTop - list.clientHeight / 2 + entry.offsetHeight / 2;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  list.scrollTo({ top, behavior: calm ? 'instant' : 'smooth' });
}

/** On a phone the lists lie under the picture: whoever jumps wants to see where to. */
export function uncover(stage: HTMLElement): void {
  if (stage.getBoundingClientRect().bottom > 0) return;
  stage.scrollIntoView({ block: 'start' });
}
