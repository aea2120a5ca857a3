import './index.css';
import { setUpPicks } from './picks.ts';

// Everything here improves a page that works without it.

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-submits]')) {
  form.addEventListener('change', (event) => {
    if (event.target instanceof HTMLSelectElement) form.requestSubmit();
  });
  form.querySelector('.filters__go')?.classList.add('filters__go--spare');
}

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-picks]')) setUpPicks(form);
