import './index.css';

/** Buttons that copy a link; they show only where the browser can copy. */
function copyButtons(): void {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copies]')) {
    button.hidden = false;
    button.addEventListener('click', () => {
      const say = (text: string) =>
        document.dispatchEvent(new CustomEvent('cc:toast', { detail: { text } }));
      navigator.clipboard.writeText(button.dataset.copies ?? '').then(
        () => say(button.dataset.copied ?? ''),
        () => say(button.dataset.failed ?? ''),
      );
    });
  }
}

/** While a PDF is being made, look again after some seconds, at most twelve times. */
function waitForFiles(): void {
  if (!document.querySelector('.certificate .save')) return;
  const tries = Number(sessionStorage.getItem('certificates:tries') ?? '0');
  if (tries >= 12) return;
  sessionStorage.setItem('certificates:tries', String(tries + 1));
  setTimeout(() => location.reload(), 5000);
}

copyButtons();
waitForFiles();
