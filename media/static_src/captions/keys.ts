// Which keys do what in the editor. Pure. Letters stay letters: every shortcut has Alt or Ctrl.

export type Deed =
  | 'save' | 'play' | 'replay' | 'from' | 'to' | 'previous' | 'next' | 'insert' | 'split' | 'merge' | 'delete'
  | 'undo' | 'redo'; // prettier-ignore

export interface Pressed {
  code: string;
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  isComposing: boolean;
}

const WITH_ALT: Record<string, Deed> = {
  KeyP: 'play', KeyR: 'replay', BracketLeft: 'from', BracketRight: 'to', ArrowUp: 'previous', ArrowDown: 'next',
  KeyN: 'insert', KeyX: 'split', KeyM: 'merge', Backspace: 'delete',
}; // prettier-ignore

/** Return what a key asks for. In a field undo is the browser's own; while a word is composed nothing is. */
export function deedOf(pressed: Pressed, inField: boolean): Deed | null {
  const { code, altKey, ctrlKey, metaKey, shiftKey } = pressed;
  if (pressed.isComposing) return null;
  const command = ctrlKey || metaKey;
  if (command && !altKey) {
    if (code === 'KeyS' && !shiftKey) return 'save';
    if (code === 'Enter' || pressed.key === 'Enter') return 'insert';
    if (inField) return null;
    if (code === 'KeyZ') return shiftKey ? 'redo' : 'undo';
    return code === 'KeyY' ? 'redo' : null;
  }
  return altKey && !command && !shiftKey ? (WITH_ALT[code] ?? null) : null;
}
