import './index.css';
import { setUpTabs } from './tabs.ts';
import { switchTheme } from './theme.ts';
import { showToast } from './toast.ts';

// Everything here improves a page that works without it.

document.addEventListener('submit', (event) => {
  if (event.target instanceof HTMLFormElement && event.target.matches('[data-theme-form]')) switchTheme(event);
});

document.addEventListener('click', (event) => {
  if (!(event.target instanceof Element)) return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest<HTMLElement>('[data-opens]');
  const dialog = opener && document.getElementById(opener.dataset.opens ?? '');
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    dialog.showModal();
  }
  if (event.target.closest('[data-closes]')) event.target.closest('dialog')?.close();
  if (event.target.closest('[data-prints]')) window.print();
});

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) {
      menu.open = false;
      menu.querySelector('summary')?.focus();
    }
  }
  const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select, [contenteditable]');
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector<HTMLInputElement>('[data-search-field]');
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
});

document.addEventListener('cc:toast', (event) => showToast((event as CustomEvent).detail));

for (const list of document.querySelectorAll<HTMLElement>('[role=tablist]')) setUpTabs(list);
