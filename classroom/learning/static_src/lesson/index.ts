import './index.css';
import { LessonPage } from './app.ts';
import { lessonData, mark, part } from './page.ts';

const data = lessonData();
if (data) {
  mark(part('player'), 'data-ready', true);
  void new LessonPage(data).start();
}
