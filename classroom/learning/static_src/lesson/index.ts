import './index.css';
import { begin } from './app.ts';
import { lessonData } from './page.ts';

begin(lessonData());
