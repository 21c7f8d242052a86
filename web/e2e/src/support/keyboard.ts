// Somebody who uses a page by keyboard alone: Tab until the wanted thing has the focus, and the focus is never lost.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';

import { until } from './wait.ts';

interface Focus {
  what: string;
  /** The ring is there, and it is on the screen. Parts that take the focus only from the page itself need no ring. */
  seen: boolean;
}

const MOST_TABS = 60;

export class Keyboard {
  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Null: nothing, so that the next Tab begins at the top of the page. */
  async focus(): Promise<Focus | null> {
    return this.page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      if (element === null || element === document.body || element === document.documentElement) return null;
      const { width, height, right, bottom } = element.getBoundingClientRect();
      const onScreen = width > 0 && height > 0 && right > 0 && bottom > 0;
      const style = getComputedStyle(element);
      const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none';
      const label = element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40);
      const container = element.getAttribute('tabindex') === '-1' && !element.matches('[role^=menuitem]');
      const inPlayer = element instanceof HTMLVideoElement && !element.matches(':focus'); // the browser's own controls
      return { what: `${element.tagName.toLowerCase()} "${label ?? ''}"`, seen: onScreen && (ring || container || inPlayer) };
    });
  }

  /** After a step: the focus is somewhere, and can be seen. */
  async holds(step: string): Promise<void> {
    let last: Focus | null = null;
    await until(`after ${step} the focus is somewhere`, async () => (last = await this.focus()) !== null, { seconds: 5, seen: () => last });
    await until(`after ${step} the focus is seen`, async () => (await this.focus())?.seen, { seconds: 5, seen: () => this.focus() });
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
    await this.holds(key);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
    await this.holds(`typing "${text}"`);
  }

  async isAt(wanted: Locator): Promise<boolean> {
    return (await wanted.count()) > 0 && wanted.first().evaluate((e) => (e.getRootNode() as Document | ShadowRoot).activeElement === e);
  }

  /** The page has put the focus here itself. */
  async arrivesAt(wanted: Locator): Promise<void> {
    await until(`the focus is at ${wanted}`, () => this.isAt(wanted), { seconds: 10, seen: () => this.focus() });
  }

  async tabTo(wanted: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await wanted.first().waitFor();
    const way: string[] = [];
    for (let tabs = 0; !(await this.isAt(wanted)); ++tabs) {
      assert.ok(tabs < MOST_TABS, `${MOST_TABS} times ${key} do not lead to ${wanted}, but by ${way.join(', ')}`);
      await this.page.keyboard.press(key);
      const focus = await this.focus();
      // Nothing: the page's end, where a browser's own bar would follow.
      way.push(focus?.what ?? '(end of the page)');
      assert.ok(focus === null || focus.seen, `the focus at ${focus?.what} cannot be seen`);
    }
  }

  async activate(wanted: Locator, key = 'Enter'): Promise<void> {
    await this.tabTo(wanted);
    await this.press(key);
  }
}
