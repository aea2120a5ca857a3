import './index.css';
import { LessonPage } from './app.ts';
import { lessonData, mark, part } from './page.ts';
import { Questions } from './questions.ts';
import { Watermark } from './watermark.ts';

const data = lessonData();
if (data) {
  mark(part('player'), 'data-ready', true);
  const page = new LessonPage(data);
  new Questions(data, page);
  void page.start();
  if (data.watermark) new Watermark(part('stage'), part<HTMLVideoElement>('video'), data.watermark);
}
