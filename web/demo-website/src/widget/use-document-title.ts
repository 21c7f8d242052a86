import { useEffect } from 'preact/hooks';

const EVERY_MS = 1200;

/** Takes turns with the page's own title, so that a tab in the background can be told. Null: the page's own. */
export function useDocumentTitle(text: string | null): void {
  useEffect(() => {
    if (text === null) return;
    const own = document.title;
    let shown = false;
    const turn = () => {
      shown = !shown;
      document.title = shown ? `● ${text}` : own;
    };
    turn();
    const timer = setInterval(turn, EVERY_MS);
    return () => {
      clearInterval(timer);
      document.title = own;
    };
  }, [text]);
}
