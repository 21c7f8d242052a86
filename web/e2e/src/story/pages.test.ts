// Sizes and times of a first visit, and what people are told when something is wrong.
import assert from 'node:assert/strict';
import { availableParallelism, loadavg } from 'node:os';

import { looksRight } from '../support/axe.ts';
import { atDesk, becomeAvailable, customerAsks, escapeFrom } from './steps.ts';
import { suite } from './suite.ts';
import type { Walk } from './walk.ts';

const check = suite('pages');

// Bytes over the wire, and milliseconds until the button can be used, with nothing in the cache.
async function firstVisit(walk: Walk, path: string, usable: string): Promise<{ bytes: number; ms: number }> {
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
  check(`${path} is light and quick on a first visit`, async (walk) => {
    // The best of five: other work on the machine is not the page's.
    const visits = [];
    for (let i = 0; i < 5; ++i) visits.push(await firstVisit(walk, path, usable));
    const kib = Math.max(...visits.map((v) => v.bytes)) / 1024;
    const ms = Math.min(...visits.map((v) => v.ms));
    console.log(`${path}: ${kib.toFixed(1)} KiB, usable after ${ms.toFixed(0)} ms`);
    assert.ok(kib > 10 && kib < limit, `${kib.toFixed(1)} KiB over the wire, ${limit} are allowed`);
    // On a machine that others use too, the time says nothing about the page.
    if ((loadavg()[0] ?? 0) <= availableParallelism()) assert.ok(ms < soon, `usable after ${ms.toFixed(0)} ms`);
  });
}

// acceptance: 25
check('a wrong password gets a sentence, and the right one goes on', async (walk) => {
  const page = await walk.window('/');
  await walk.logIn(page, { ...walk.people.alice, password: 'not-the-password' });
  await page.getByText('The user name or the password is wrong.').waitFor();
  await looksRight(page, 'a wrong password');
  await page.getByLabel('Password').fill(walk.people.alice.password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /Your status/ }).waitFor();
}, { expected: /401/ });

check('without a network one is told so, and a second try works', async (walk) => {
  const page = await walk.window('/');
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await page.context().setOffline(true);
  await walk.logIn(page, walk.people.sam);
  await page.getByText('The server cannot be reached.').waitFor();
  await page.context().setOffline(false);
  await walk.logIn(page, walk.people.sam);
  await page.getByRole('heading', { name: 'Watch a recording' }).waitFor();
  await looksRight(page, 'watch a recording');
}, { expected: /ERR_INTERNET_DISCONNECTED|403/ });

check("the agent's second tab waits until it is wanted", async (walk) => {
  const first = await atDesk(walk, walk.people.alice);
  const second = await first.context().newPage();
  await second.goto(walk.server.url);
  await second.getByRole('heading', { name: 'Upcall is open in another tab' }).waitFor();
  await looksRight(second, 'another tab');
  await second.getByRole('button', { name: 'Use it here' }).click();
  await second.getByRole('button', { name: /Your status/ }).waitFor();
  await first.getByRole('heading', { name: 'Upcall is open in another tab' }).waitFor();
});

check('an address that leads nowhere has a screen with a way home', async (walk) => {
  const page = await walk.window('/');
  await walk.logIn(page, walk.people.alice);
  await page.getByRole('button', { name: /Your status/ }).waitFor();
  await page.evaluate(() => {
    history.pushState(null, '', '/no-such-page');
    dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await looksRight(page, 'no such page');
  await page.getByRole('button', { name: 'To the desk' }).click();
  await page.getByRole('heading', { name: 'Contacts' }).waitFor();
});

check('the devices without a meeting have a screen with a way back', async (walk) => {
  const page = await walk.window('/devices');
  await walk.logIn(page, walk.people.alice);
  await page.getByRole('heading', { name: 'No meeting to join' }).waitFor();
  await looksRight(page, 'no meeting to join');
  await page.getByRole('button', { name: 'Back to the desk' }).click();
  await page.getByRole('heading', { name: 'Contacts' }).waitFor();
});

// Whatever opens over a page: what axe sees there is what it saw before, and more.
// acceptance: 3, 27, 41, 43
check('menus and dialogs of the desk', async (walk) => {
  const page = await walk.window('/');
  await walk.logIn(page, walk.people.alice);
  await page.getByRole('button', { name: /Your status/ }).waitFor();
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).waitFor();
  await looksRight(page, 'theme menu');
  await escapeFrom(page.getByRole('menu'));
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).waitFor();
  await looksRight(page, 'language menu');
  await escapeFrom(page.getByRole('menu'));
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
  await looksRight(page, 'account menu');
  await escapeFrom(page.getByRole('menu'));
  await becomeAvailable(page);
  await page.getByRole('button', { name: 'Open a meeting' }).click();
  await page.getByRole('dialog', { name: 'Open a meeting' }).waitFor();
  await looksRight(page, 'open a meeting');
  await escapeFrom(page.getByRole('dialog'));
  await page.getByRole('button', { name: 'Invite a caller' }).click();
  await page.getByLabel("The customer's e-mail").fill('nobody');
  await page.getByRole('button', { name: 'Create a reference' }).click();
  await page.getByText('This is not a valid e-mail address.').waitFor();
  await looksRight(page, 'a wrong e-mail address');
  await page.getByLabel("The customer's e-mail").fill('cora@example.com');
  await page.getByRole('button', { name: 'Create a reference' }).click();
  const link = await page.getByRole('dialog').locator('output').innerText();
  await looksRight(page, 'a reference');

  // The link brings its customer to this agent, and is gone from the address.
  const customer = await walk.window(link.slice(walk.server.url.length));
  await customer.getByLabel('Reference').first().waitFor();
  assert.equal(new URL(customer.url()).search, '');
  await customer.getByLabel('Your name').fill('Cora Caller');
  await looksRight(customer, 'the form with a reference');
  await customer.getByRole('button', { name: 'Start chat' }).click();
  await escapeFrom(page.getByRole('dialog'));
  await page.getByRole('heading', { name: 'Cora Caller' }).waitFor();
});

check('an offer that nobody answers', async (walk) => {
  const agent = await atDesk(walk, await walk.agent('Mia Missed'));
  await customerAsks(walk, 'mia.missed@example.com');
  await agent.getByRole('button', { name: /^Accept/ }).first().waitFor();
  await agent.getByRole('heading', { name: 'Missed contact' }).waitFor(); // after twenty seconds
  await looksRight(agent, 'a missed contact');
  await agent.getByRole('button', { name: 'All right' }).click();
  await agent.getByRole('heading', { name: 'Missed contact' }).waitFor({ state: 'detached' });
});
