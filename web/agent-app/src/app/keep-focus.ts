// An element that goes takes the focus with it: a page that is left, an offer that is answered. Whoever works by keyboard or
// listens would begin at the top of everything again; they are brought to the heading of what is there now, or to all of it.

/** Whoever gives the focus back by itself, as dialogs do, has done so by then. */
const FRAMES = 2;

export function keepFocus(): () => void {
  let last: Element | null = null;
  let waiting = false;

  const onFocusIn = (event: FocusEvent) => {
    last = event.target as Element;
  };

  // A click on an empty place lets go of the focus too, and that is meant.
  const onFocusOut = ({ target }: FocusEvent) => {
    queueMicrotask(() => {
      if (last === target && last?.isConnected && nothingHasIt()) last = null;
    });
  };

  const look = (frames: number) => {
    if (frames > 0) {
      requestAnimationFrame(() => look(frames - 1));
      return;
    }
    waiting = false;
    if (!last || last.isConnected || !nothingHasIt()) return;
    const place = document.querySelector<HTMLElement>('main h1:not(.visually-hidden)') ?? document.querySelector('main');
    if (!place) return; // still to come: its own change brings us here again
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  };

  const observer = new MutationObserver(() => {
    if (waiting || !last || last.isConnected) return;
    waiting = true;
    look(FRAMES);
  });
  document.addEventListener('focusin', onFocusIn);
  document.addEventListener('focusout', onFocusOut);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    document.removeEventListener('focusin', onFocusIn);
    document.removeEventListener('focusout', onFocusOut);
  };
}

function nothingHasIt(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
