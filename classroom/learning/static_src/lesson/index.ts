import './index.css';
import { LessonPage } from './app.ts';
import { lessonData, mark, part } from './page.ts';
import { Watermark } from './watermark.ts';

const data = lessonData();
if (data) {
  mark(part('player'), 'data-ready', true);
  void new LessonPage(data).start();
  if (data.watermark) new Watermark(part('stage'), part<HTMLVideoElement>('video'), data.watermark);
}
