// Fields of Wagtail's blocks that only their place names: said aloud too.

const FIELDS = ['input:not([type=hidden])', 'textarea', 'select', '[contenteditable=true]']
  .map((field) => `[data-streamfield-child] ${field}`)
  .join(', ');

function isNamed(field: Element): boolean {
  const labels = 'labels' in field ? (field as HTMLInputElement).labels : null;
  return field.hasAttribute('aria-label') || field.hasAttribute('aria-labelledby') || Boolean(labels?.length);
}

/** Return what names a field to the eye: the label above it, else the kind of its block. */
export function nameOf(field: Element): string {
  const label = field.closest('[data-contentpath]')?.querySelector(':scope > label')?.firstChild;
  const kind = field.closest('[data-panel]')?.querySelector('.c-sf-block__type');
  return (label ?? kind)?.textContent?.trim() ?? '';
}

/** Name the fields in `root` that have no name yet. */
export function nameFields(root: ParentNode): void {
  for (const field of root.querySelectorAll(FIELDS)) {
    const name = isNamed(field) ? '' : nameOf(field);
    if (name) field.setAttribute('aria-label', name);
  }
}

/** Name the fields that are there, and those of every block that is added. */
export function keepNaming(home: Document): void {
  let isDue = false;
  const later = () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      nameFields(home);
    });
  };
  new MutationObserver(later).observe(home.body, { childList: true, subtree: true });
  later();
}
