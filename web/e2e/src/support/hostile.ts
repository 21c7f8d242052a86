// Whether people's words have become more than words in a page.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

declare const window: { alerted: number; violations: string[] };

/** Before the page loads. The corpus calls alert(1) where it is taken for a script. */
export function watchForScripts(): void {
  Object.assign(window, { alerted: 0, violations: [], alert: () => void ++window.alerted });
  document.addEventListener('securitypolicyviolation', (event) => {
    // The media library tries what the page allows, and does without.
    if (event.blockedURI === 'wasm-eval') return;
    window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
  });
}

export interface Guard {
  /** Nothing ran, nothing was asked of another server, no element or attribute came from words. */
  fine(): Promise<void>;
}

export function guard(page: Page, origin: string): Guard {
  const events: string[] = [];
  page.on('dialog', (dialog) => {
    events.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (/^(https?|wss?):/.test(request.url()) && !request.url().replace(/^ws/, 'http').startsWith(origin)) events.push(`request: ${request.url()}`);
  });
  page.on('framenavigated', (frame) => {
    if (frame !== page.mainFrame() || !frame.url().startsWith(origin)) events.push(`navigation: ${frame.url()}`);
  });
  return {
    async fine() {
      assert.deepEqual(events, [], 'no dialog, no request to elsewhere, no navigation');
      const seen = await page.evaluate(() => {
        const faults: string[] = [];
        const look = (root: Document | ShadowRoot) => {
          for (const element of root.querySelectorAll('*')) {
            const tag = element.localName;
            const foreign = (address: string | null) => address !== null && new URL(address, location.href).origin !== location.origin;
            const isOurs =
              !/^(img|iframe|object|embed|base|marquee|math|noscript|template|frame|applet|slot)$/.test(tag) &&
              !(tag === 'script' && (!element.hasAttribute('src') || foreign(element.getAttribute('src')))) &&
              !(tag === 'link' && foreign(element.getAttribute('href'))) &&
              !(tag === 'meta' && element.hasAttribute('http-equiv')) &&
              !(tag === 'form' && element.hasAttribute('action'));
            if (!isOurs) faults.push(element.outerHTML.slice(0, 200));
            for (const { name, value } of element.attributes) {
              if (name.startsWith('on') || (/^(href|src|action)$/.test(name) && /^\s*(javascript|data:text|vbscript)/i.test(value))) faults.push(`${tag} ${name}=${value}`);
            }
            if (element.shadowRoot) look(element.shadowRoot);
          }
        };
        look(document);
        return { alerted: window.alerted, violations: window.violations, faults };
      });
      assert.deepEqual(seen, { alerted: 0, violations: [], faults: [] });
    },
  };
}

/** The texts of these elements, which hold nothing but text. */
export async function textsIn(page: Page, selector: string): Promise<string[]> {
  const found = await page.locator(selector).evaluateAll((all) => all.map((e) => ({ text: e.textContent ?? '', elements: e.children.length })));
  for (const { text, elements } of found) assert.equal(elements, 0, `an element in the text ${text}`);
  return found.map(({ text }) => text);
}
