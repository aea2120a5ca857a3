import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Speed } from '../../../classroom/learning/static_src/lesson/speed.ts';
import { FakeElement, newPage, page } from './dom.ts';

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const WORDS = { rate: 'Speed {rate}', rate_held: 'Speed {rate}, {chosen} where it is verified' };

interface FakeVideo extends FakeElement {
  playbackRate: number;
  defaultPlaybackRate: number;
}

function speed(wished: number | null) {
  const [root, button, list] = [page.add('rate'), new FakeElement('button', 'rate-button'), new FakeElement('div')];
  const label = new FakeElement('span', 'rate-label');
  list.setAttribute('role', 'menu');
  button.append(label);
  root.append(button, list);
  const video = new FakeElement('video') as FakeVideo;
  let rate = 1;
  Object.defineProperty(video, 'playbackRate', {
    get: () => rate,
    set: (value: number) => {
      rate = value;
      video.fire('ratechange');
    },
  });
  const chosen: number[] = [];
  const settings = {
    rate: wished,
    choose(name: string, value: number): void {
      assert.equal(name, 'rate');
      chosen.push(value);
      this.rate = value;
    },
  };
  const made = new Speed(video as never, settings as never, RATES, WORDS);
  const marked = () => list.children.find((one) => one.getAttribute('aria-checked') === 'true')?.dataset.value;
  const shown = () => [video.playbackRate, label.textContent, marked()];
  return { made, settings, chosen, video, list, button, shown };
}

beforeEach(() => newPage());

test('who never chose plays at 1, and that is no choice', () => {
  const { shown, chosen } = speed(null);
  assert.deepEqual([shown(), chosen], [[1, '1.0×', '1'], []]);
});

test('the speed wished on another device is marked at once, held on a first view and let go where it counts', () => {
  const { made, shown, button, video, chosen } = speed(1.5);
  assert.deepEqual(shown(), [1, '1.0×', '1.5']);
  assert.equal(button.getAttribute('aria-label'), 'Speed 1.0×, 1.5× where it is verified');
  made.limit(1.25);
  assert.deepEqual(shown(), [1.25, '1.25×', '1.5']);
  made.limit(null);
  assert.deepEqual(shown(), [1.5, '1.5×', '1.5']);
  assert.equal(button.getAttribute('aria-label'), 'Speed 1.5×');
  assert.equal(video.defaultPlaybackRate, 1.5);
  made.limit(1);
  assert.deepEqual([shown(), chosen], [[1, '1.0×', '1.5'], []]);
});

test('where the picture runs into what does not count as fast, it is held down though nothing is drawn', () => {
  const { made, shown, video } = speed(2);
  let at: number | null = null;
  made.watch(() => at);
  video.fire('timeupdate');
  assert.deepEqual(shown(), [2, '2.0×', '2']);
  at = 1;
  video.fire('timeupdate');
  assert.deepEqual(shown(), [1, '1.0×', '2']);
});

test('slower than the course allows is never held', () => {
  const { shown, made } = speed(0.75);
  assert.deepEqual(shown(), [0.75, '0.75×', '0.75']);
  made.limit(null);
  assert.deepEqual(shown(), [0.75, '0.75×', '0.75']);
});

test('a choice beyond what counts here is a wish all the same', () => {
  const { list, shown, chosen } = speed(null);
  list.children.at(-1)!.click();
  assert.deepEqual([shown(), chosen], [[1, '1.0×', '2'], [2]]);
});

test('steps go from the wish and not from what is held, and end at the ends', () => {
  const { made, chosen } = speed(1.5);
  made.step(1);
  made.step(1);
  made.step(1);
  made.step(-1);
  assert.deepEqual(chosen, [1.75, 2, 1.75]);
});

test('a speed that this page does not know plays at 1 and is not chosen away', () => {
  const { shown, chosen, settings } = speed(3);
  assert.deepEqual([shown(), chosen, settings.rate], [[1, '1.0×', '1'], [], 3]);
});

test('another device chose: the picture follows', () => {
  const { made, settings, shown, chosen } = speed(1.5);
  made.limit(null);
  settings.rate = 0.5;
  made.follow();
  assert.deepEqual([shown(), chosen], [[0.5, '0.5×', '0.5'], []]);
});
