import './index.css';

// Swagger draws a page of its own. Inside ours its main part is none, and its headings follow ours.
// This runs before Swagger does: module and deferred scripts keep their order.

const create = document.createElement.bind(document);
document.createElement = ((name: string, options?: ElementCreationOptions) =>
  create(name === 'main' ? 'div' : name, options)) as typeof document.createElement;

const home = document.getElementById('swagger-ui');
if (home) {
  new MutationObserver(() => {
    for (const title of home.querySelectorAll('.opblock-tag:not([aria-level])')) title.setAttribute('aria-level', '2');
  }).observe(home, { childList: true, subtree: true });
}
