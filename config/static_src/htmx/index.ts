// htmx for pages that replace parts of themselves. Strict policy: nothing inline, nothing evaluated.
import htmx from 'htmx.org';

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;

function cookie(name: string): string {
  const entry = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`));
  return entry ? decodeURIComponent(entry.slice(name.length + 1)) : '';
}

document.addEventListener('htmx:configRequest', (event) => {
  (event as CustomEvent).detail.headers['X-CSRFToken'] = cookie('csrftoken');
});
