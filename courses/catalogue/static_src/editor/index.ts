// Wagtail's rich text editor under a policy without inline styles: what it writes as <style> is adopted.
// And a name for the fields of blocks that have none.

import { adopting, replaced, type Library } from './adopted.ts';
import { keepNaming } from './names.ts';

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

keepNaming(document);
