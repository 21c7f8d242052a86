// axe on a page as people see it: both themes, a desk's width and a phone's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const RULES = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
// Themes differ in colours only: the other rules are asked in one of them.
const RULES_OF_COLOUR = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

const WIDTHS = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

interface Violation {
  id: string;
  help: string;
  nodes: { target: unknown; failureSummary: string }[];
}

// Colours on their way from one theme to the other are nobody's fault.
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const running = (): Animation[] => {
      const roots: DocumentOrShadowRoot[] = [document];
      for (const element of document.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot);
      return roots.flatMap((root) => root.getAnimations()).filter((a) => a.effect?.getTiming().iterations !== Infinity);
    };
    // What an element has changed to begins a change in those within it.
    do {
      await frame();
      await frame();
      await Promise.all(running().map((animation) => animation.finished.catch(() => undefined)));
    } while (running().length > 0);
  });
}

async function run(page: Page, rules: object): Promise<Violation[]> {
  return page.evaluate(async (runOnly) => {
    const axe = (window as unknown as { axe: { run(where: object, how: object): Promise<{ violations: Violation[] }> } }).axe;
    // The announcer of react-aria keeps what it said for a while, without the element that was its label; a tooltip belongs
    // to the button that it describes and to no landmark.
    const where = { exclude: [['[data-live-announcer]'], ['[data-overlay-container]:has([role=tooltip])']] };
    return (await axe.run(where, { runOnly, resultTypes: ['violations'] })).violations;
  }, rules);
}

/** Sentences about what is wrong, none when all is well. The page is as before afterwards. */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  const before = page.viewportSize();
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  for (const [place, size] of Object.entries(WIDTHS)) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await settle(page);
      for (const v of await run(page, colorScheme === 'light' ? RULES : RULES_OF_COLOUR)) {
        const nodes = v.nodes.map((n) => `${JSON.stringify(n.target)} ${n.failureSummary}`).join('; ');
        found.push(`${name}, ${place}, ${colorScheme}: ${v.id}: ${v.help}: ${nodes}`);
      }
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  if (before !== null) await page.setViewportSize(before);
  return found;
}

export async function looksRight(page: Page, name: string): Promise<void> {
  assert.deepEqual(await faultsOf(page, name), [], `axe finds nothing on ${name}`);
}
