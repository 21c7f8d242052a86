// Sizes and times of a first visit, and what people are told when something is wrong.
import assert from 'node:assert/strict';
import { availableParallelism, loadavg } from 'node:os';
import { after, test } from 'node:test';
import type { Browser } from 'playwright-core';

import { launchChromium } from '../support/browsers.ts';
import { Evidence } from '../support/evidence.ts';
import { Walk } from './walk.ts';

const evidence = new Evidence('pages');
let browser: Browser;
let walk: Walk;
let failed = false;

// Begun by the first test that runs: of a selection it may be none.
let begun: Promise<void> | undefined;
async function begin(): Promise<void> {
  browser = await launchChromium();
  walk = await Walk.begin(evidence, browser);
}

after(async () => {
  if (begun === undefined) return evidence.discard();
  await begun.catch(() => undefined);
  if (failed) await evidence.keep();
  else evidence.discard();
  await (walk as Walk | undefined)?.end();
  await (browser as Browser | undefined)?.close();
});

function check(name: string, body: () => Promise<void>): void {
  test(name, { timeout: 120_000 }, async () => {
    try {
      begun ??= begin();
      await begun;
      await body();
    } catch (error) {
      failed = true;
      throw error;
    }
  });
}

// Bytes over the wire, and milliseconds until the button can be used, with nothing in the cache.
async function firstVisit(path: string, usable: string): Promise<{ bytes: number; ms: number }> {
  const page = await walk.window('/healthz');
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  let bytes = 0;
  session.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
  await page.goto(walk.server.url + path, { waitUntil: 'commit' });
  await page.getByRole('button', { name: usable }).first().waitFor();
  const ms = await page.evaluate(() => performance.now());
  await page.waitForLoadState('networkidle');
  await page.context().close();
  return { bytes, ms };
}

for (const { path, usable, limit, soon } of [
  { path: '/demo-website.html', usable: 'Talk to us', limit: 150, soon: 1000 },
  { path: '/', usable: 'Log in', limit: 250, soon: 2000 },
]) {
  check(`${path} is light and quick on a first visit`, async () => {
    // The best of five: other work on the machine is not the page's.
    const visits = [];
    for (let i = 0; i < 5; ++i) visits.push(await firstVisit(path, usable));
    const kib = Math.max(...visits.map((v) => v.bytes)) / 1024;
    const ms = Math.min(...visits.map((v) => v.ms));
    console.log(`${path}: ${kib.toFixed(1)} KiB, usable after ${ms.toFixed(0)} ms`);
    assert.ok(kib > 10 && kib < limit, `${kib.toFixed(1)} KiB over the wire, ${limit} are allowed`);
    // On a machine that others use too, the time says nothing about the page.
    if ((loadavg()[0] ?? 0) <= availableParallelism()) assert.ok(ms < soon, `usable after ${ms.toFixed(0)} ms`);
  });
}

check('a wrong password gets a sentence, and the right one goes on', async () => {
  const page = await walk.window('/');
  await walk.logIn(page, { ...walk.people.alice, password: 'not-the-password' });
  await page.getByText('The user name or the password is wrong.').waitFor();
  await page.getByLabel('Password').fill(walk.people.alice.password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /Your status/ }).waitFor();
});

check('without a network one is told so, and a second try works', async () => {
  const page = await walk.window('/');
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await page.context().setOffline(true);
  await walk.logIn(page, walk.people.sam);
  await page.getByText('The server cannot be reached.').waitFor();
  await page.context().setOffline(false);
  await walk.logIn(page, walk.people.sam);
  await page.getByRole('heading', { name: 'Watch a recording' }).waitFor();
});

check('an unknown recording has a screen of its own', async () => {
  const page = await walk.window('/recording/no-such-meeting');
  await walk.logIn(page, walk.people.sam);
  await page.getByRole('heading', { name: 'No recordings found' }).waitFor();
});

check("the agent's second tab waits until it is wanted", async () => {
  const first = await walk.window('/');
  await walk.logIn(first, walk.people.alice);
  await first.getByRole('button', { name: /Your status/ }).waitFor();
  const second = await first.context().newPage();
  await second.goto(walk.server.url);
  await second.getByRole('heading', { name: 'Upcall is open in another tab' }).waitFor();
  await second.getByRole('button', { name: 'Use it here' }).click();
  await second.getByRole('button', { name: /Your status/ }).waitFor();
  await first.getByRole('heading', { name: 'Upcall is open in another tab' }).waitFor();
});

check('the customer reaches an agent by keyboard alone', async () => {
  const page = await walk.window('/demo-website.html', { phone: true });
  const button = page.getByRole('button', { name: 'Talk to us' }).first();
  await button.waitFor();
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Your name').waitFor();
  await page.keyboard.type('Kay Keyboard');
  await page.keyboard.press('Tab');
  await page.keyboard.type('not an address');
  await page.keyboard.press('Enter');
  await page.getByText('This does not look like an e-mail address.', { exact: false }).waitFor();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(walk.people.alice.username);
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
});
