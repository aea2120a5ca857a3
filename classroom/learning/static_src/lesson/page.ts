// The page's parts, found by name; and what the template says to the script.

import type { Addresses, Interval, KeptSettings } from './api.ts';
import type { Chapter, Slide } from './marks.ts';
import type { Words } from './words.ts';

export interface LessonData {
  enrolment: number;
  lesson: string;
  person: string;
  duration_ms: number;
  coverage: Interval[];
  furthest_ms: number;
  waiting?: Interval[];
  tolerance_ms: number;
  /** Starts at this moment instead of where it was left: a link to a gap, a chapter, a note. */
  start_ms: number | null;
  rates: number[];
  settings: KeptSettings;
  addresses: Addresses & { sign_in: string; next: string; previous: string };
  chapters: Chapter[];
  slides: Slide[];
  /** The viewer's masked name, where the course has it drawn over the picture. */
  watermark: string;
  free_seek: boolean;
  hidden_pauses: boolean;
  metadata: { title: string; artist: string; album: string; artwork: { src: string; sizes: string; type: string }[] };
  words: Words;
}

/** Return the data of the page's json_script block. */
export function lessonData(): LessonData | null {
  const text = document.getElementById('lesson-data')?.textContent;
  return text ? (JSON.parse(text) as LessonData) : null;
}

/** Return the part of this name; its absence is a mistake of the template and says so. */
export function part<T extends Element = HTMLElement>(name: string, root: ParentNode = document): T {
  const found = root.querySelector<T>(`[data-part="${name}"]`);
  if (!found) throw new Error(`The page has no part "${name}".`);
  return found;
}

/** Return the parts of this name. */
export function parts<T extends Element = HTMLElement>(name: string, root: ParentNode = document): T[] {
  return [...root.querySelectorAll<T>(`[data-part="${name}"]`)];
}

/** Copy what a `<template data-part=...>` holds. */
export function copy(name: string): HTMLElement {
  const template = part<HTMLTemplateElement>(name);
  return template.content.firstElementChild!.cloneNode(true) as HTMLElement;
}

/** Set an attribute to a string, or take it away. */
export function mark(element: Element, name: string, value: string | boolean | null): void {
  if (value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : value);
}

/** Remembered on this device; a browser that forbids storage just forgets. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`lesson:${key}`);
  } catch {
    return null;
  }
}

/** Remember on this device; null forgets. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`lesson:${key}`);
    else localStorage.setItem(`lesson:${key}`, value);
  } catch {
    return;
  }
}
