// Coming and going: the page is left, hidden or looked at again, the network comes back.

export interface Leaving {
  left: () => void;
  hidden: () => void;
  online: () => void;
  focused: () => void;
}

/** Tell when the page goes and when it may go on. */
export function onLeaving({ left, hidden, online, focused }: Leaving): void {
  addEventListener('pagehide', left);
  addEventListener('online', online);
  addEventListener('focus', focused);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') hidden();
  });
}
