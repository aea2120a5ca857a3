// Toasts confirm and offer to undo; nothing important is said here alone.
// Any script of any room: document.dispatchEvent(new CustomEvent('cc:toast', {detail: {text, action, run}})).

interface Toast {
  text: string;
  action?: string;
  run?: () => void;
}

const SHOWN_MS = 6000;

export function showToast({ text, action, run }: Toast): void {
  const host = document.querySelector<HTMLElement>('.toasts');
  if (!host) return;
  const box = document.createElement('div');
  box.className = 'toast';
  box.append(Object.assign(document.createElement('span'), { textContent: text }));
  if (action && run) {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: action });
    button.addEventListener('click', () => {
      box.remove();
      run();
    });
    box.append(button);
  }
  host.append(box);
  let timer = window.setTimeout(() => box.remove(), SHOWN_MS);
  const hold = () => window.clearTimeout(timer);
  const release = () => {
    timer = window.setTimeout(() => box.remove(), SHOWN_MS);
  };
  box.addEventListener('pointerenter', hold);
  box.addEventListener('pointerleave', release);
  box.addEventListener('focusin', hold);
  box.addEventListener('focusout', release);
}
