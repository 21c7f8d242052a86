// What a screen reader would say by itself: texts that appear in live regions, through shadow roots.
import type { Page } from 'playwright-core';

import { until } from './wait.ts';

declare const window: { heard: string[] };

/** Before the page loads. A region that comes together with its text is heard only when it is an alert. */
export function listen(): void {
  const heard: string[] = [];
  Object.assign(window, { heard });
  const LIVE = '[role=status], [role=alert], [role=log], [aria-live=polite], [aria-live=assertive]';
  const regionOf = (node: Node): Element | null => (node instanceof Element ? node : node.parentElement)?.closest(LIVE) ?? null;
  const observer = new MutationObserver((records) => {
    const isNew = (node: Node) => records.some((r) => [...r.addedNodes].some((added) => added.contains(node)));
    for (const record of records) {
      const region = regionOf(record.target);
      if (region !== null && (!isNew(region) || region.role === 'alert')) {
        const text = region.role === 'log' ? [...record.addedNodes].map((node) => node.textContent).join(' ') : region.textContent;
        if (text?.trim()) heard.push(text.trim());
      }
      for (const added of record.addedNodes) {
        if (!(added instanceof Element)) continue;
        for (const alert of [added, ...added.querySelectorAll('[role=alert]')]) {
          if (alert.role === 'alert' && alert.textContent?.trim()) heard.push(alert.textContent.trim());
        }
      }
    }
  });
  const watch = (root: Node) => observer.observe(root, { childList: true, characterData: true, subtree: true });
  watch(document);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    watch(root);
    return root;
  };
}

export async function hears(page: Page, what: RegExp): Promise<void> {
  const seen = (): Promise<string[]> => page.evaluate(() => window.heard);
  await until(`a screen reader says ${what}`, async () => (await seen()).some((text) => what.test(text)), { seen });
}
