// Keys. Those that write, choose or scroll keep theirs: only what nobody else wants is taken.

/** Return the name of the action of a key press, or null. Pure. */
export function actionOf({ key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>): string | null {
  switch (key) {
    case ' ':
    case 'k':
    case 'K':
      return 'play';
    case 'j':
    case 'J':
      return 'back';
    case 'l':
    case 'L':
      return 'forward';
    case 'ArrowLeft':
      return shiftKey ? 'previous_chapter' : 'left';
    case 'ArrowRight':
      return shiftKey ? 'next_chapter' : 'right';
    case 'ArrowUp':
      return 'louder';
    case 'ArrowDown':
      return 'quieter';
    case 'm':
    case 'M':
      return 'mute';
    case 'c':
    case 'C':
      return 'captions';
    case 'f':
    case 'F':
      return 'fullscreen';
    case 'p':
    case 'P':
      return 'pip';
    case 'n':
    case 'N':
    case ']':
      return 'next_gap';
    case '[':
      return 'previous_gap';
    case '/':
      return 'search';
    case '?':
      return 'help';
    case '<':
      return 'slower';
    case '>':
      return 'faster';
    default:
      return null;
  }
}

const ARROWS = new Set(['left', 'right', 'previous_chapter', 'next_chapter', 'louder', 'quieter']);

/** Call `run` with the action of each key press that belongs to the player. */
export function shortcuts(player: HTMLElement, run: (action: string) => void): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.target as HTMLElement;
    const action = actionOf(event);
    if (!action || document.querySelector('dialog[open]')) return;
    if (target.matches('textarea, select, [contenteditable], input:not([type="range"])')) return;
    if (event.key === ' ' && target.matches('button, a, summary, [role="tab"]')) return;
    if (target.matches('input[type="range"]') && event.key.startsWith('Arrow')) return;
    if (ARROWS.has(action) && !player.contains(target) && target !== document.body) return;
    event.preventDefault();
    run(action);
  });
}
