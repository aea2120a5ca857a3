import './index.css';

// Filters answer at once through htmx; the button is for who has no script.
for (const button of document.querySelectorAll<HTMLElement>('.filters__apply')) button.hidden = true;
