// Wagtail's rich text editor under a policy without inline styles: what it writes as <style> is adopted.

import { adopting, replaced, type Library } from './adopted.ts';

interface Editor {
  prototype: { render(): unknown };
}

const { React, Draftail } = window as unknown as { React?: Library; Draftail?: { DraftailEditor?: Editor } };

// On a page without rich text there is nothing to mend.
if (React && Draftail?.DraftailEditor) {
  const { prototype } = Draftail.DraftailEditor;
  const render = prototype.render;
  const Adopted = adopting(React, document);
  prototype.render = function (this: unknown): unknown {
    let key = 0;
    return replaced(React, render.call(this), (part) =>
      React.createElement(Adopted, { part, key: `adopted-${String(key++)}` }),
    );
  };
}
