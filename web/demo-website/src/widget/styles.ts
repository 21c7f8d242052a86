// Stylesheets of the shadow root: constructed, which no Content-Security-Policy forbids, and seen by no page around.
import tokens from '@upcall/shared/styles/tokens.css?inline';
import widget from '../styles/widget.css?inline';

const ORDINARY_ROOT_PX = 16;

/** Sizes in rem follow the reader's choice of text size; a page that shrank its root for its own sums is set right. */
function sized(css: string): string {
  const root = parseFloat(getComputedStyle(document.documentElement).fontSize) || ORDINARY_ROOT_PX;
  if (root >= ORDINARY_ROOT_PX * 0.9) return css;
  return css.replace(/(\d*\.?\d+)rem\b/g, (_, number: string) => `${Number(number) * ORDINARY_ROOT_PX}px`);
}

export function addStyles(root: ShadowRoot, ...texts: string[]): void {
  const sheets = texts.map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(sized(text));
    return sheet;
  });
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...sheets];
}

export function addWidgetStyles(root: ShadowRoot): void {
  addStyles(root, tokens, widget);
}
