// What people arrange as they like it, and find again.
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';

import { until } from '../support/wait.ts';
import { suite } from './suite.ts';

const check = suite('choices');

const boxOf = async (element: Locator) => {
  const box = await element.boundingBox();
  assert.ok(box, 'it is on the page');
  return box;
};

// acceptance: 34, 39
check('theme and language are found again; the customer’s page is one step away', async (walk) => {
  const page = await walk.window('/');
  await walk.logIn(page, walk.people.alice);
  const status = page.getByRole('button', { name: /Your status/ });
  await status.waitFor();
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await until('the page is dark', async () => (await ground()) !== light);
  const dark = await ground();
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).click();
  await page.getByRole('button', { name: /Ihr Status/ }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: /Ihr Status/ }).waitFor();
  assert.equal(await ground(), dark, 'still dark after a reload');

  await page.getByRole('button', { name: /^Konto von/ }).click();
  const [opened] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('menuitem', { name: 'Kundenseite öffnen' }).click()]);
  await opened.waitForURL(/\/demo-website\.html$/);
});

// acceptance: 4
check('the customer’s windows go where they are dragged, and stay on the screen', async (walk) => {
  const page = await walk.window('/demo-website.html');
  await page.getByRole('button', { name: 'Talk to us' }).first().click();
  const heading = page.getByRole('heading', { name: 'Talk to us' });
  const before = await boxOf(heading);
  const drag = async (x: number, y: number): Promise<void> => {
    const at = await boxOf(heading);
    await page.mouse.move(at.x + 5, at.y + at.height / 2);
    await page.mouse.down();
    await page.mouse.move(at.x + 5 + x, at.y + at.height / 2 + y, { steps: 4 });
    await page.mouse.up();
  };
  await drag(-300, -40);
  const after = await boxOf(heading);
  assert.equal(Math.round(after.x - before.x), -300);
  await drag(-3000, -3000);
  const kept = await boxOf(heading);
  assert.ok(kept.y >= 0, 'its bar cannot leave at the top');
  await heading.click(); // it can still be reached
});
