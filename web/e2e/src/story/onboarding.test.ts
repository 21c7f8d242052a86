// The first log-in of an account, and who cannot have one.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BrowserContext, Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { until } from '../support/wait.ts';
import { suite } from './suite.ts';

const check = suite('onboarding');

const waiting = (page: Page) => page.getByRole('heading', { name: 'Setting up your profile' });
const atTheDesk = (page: Page) => page.getByRole('button', { name: /Your status/ }).waitFor();

/** The requests of a window to the contact centre's half, and the page's own loads. */
function watch(context: BrowserContext): { asked: string[]; loads: () => number } {
  const asked: string[] = [];
  let loads = 0;
  context.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/connect/')) asked.push(`${request.method()} ${pathname}`);
    if (request.isNavigationRequest()) loads += 1;
  });
  return { asked, loads: () => loads };
}

/** What the server answers comes only when it is let through. */
async function hold(page: Page, path: string): Promise<() => void> {
  let go = (): void => {};
  const gate = new Promise<void>((done) => (go = done));
  await page.route(`**${path}`, async (route) => {
    await gate;
    await route.continue().catch(() => undefined);
  });
  return go;
}

// acceptance: 22
check('the first log-in waits, finds the id, and loads the page anew; the second one does not', async (walk) => {
  const who = await walk.agent('Fiona First');
  const page = await walk.window('/');
  const seen = watch(page.context());
  const go = await hold(page, '/api/connect/setConnectUserId');
  await walk.logIn(page, who);
  await waiting(page).waitFor();
  await looksRight(page, 'the first log-in');
  go();
  await atTheDesk(page);
  assert.equal(seen.loads(), 1, 'the page was loaded once more');
  assert.deepEqual(seen.asked.slice(0, 2), ['GET /api/connect/user', 'POST /api/connect/setConnectUserId']);
  const claims = await page.evaluate(() => (JSON.parse(localStorage.getItem('upcall.session') ?? '{}') as { user: { connectUserId?: string; id: string } }).user);
  assert.equal(claims.connectUserId, claims.id, 'the id token has it');

  const again = await walk.window('/');
  const second = watch(again.context());
  await again.evaluate(() => {
    const look = () => {
      if (document.body.innerText.includes('Setting up your profile')) Object.assign(window, { waited: true });
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
  await walk.logIn(again, who);
  await atTheDesk(again).catch(() => again.getByText('Upcall is open in another tab').waitFor());
  assert.equal(second.loads(), 0);
  assert.ok(!second.asked.includes('POST /api/connect/setConnectUserId'));
  assert.equal(await again.evaluate(() => (window as { waited?: boolean }).waited === true), false, 'nobody waits twice');
  await until('the cache of group and profiles is asked to be fresh', async () => second.asked.includes('PUT /api/connect/connect-user-cache'));
});

check('a supervisor is onboarded too, and gets where they were going', async (walk) => {
  const page = await walk.window('/recording/no-such-meeting');
  const seen = watch(page.context());
  await walk.logIn(page, walk.people.sam);
  await page.getByText('There are no recordings of the meeting').waitFor();
  assert.equal(seen.asked.filter((one) => one.startsWith('POST')).length, 1);
  await page.reload();
  await page.getByText('There are no recordings of the meeting').waitFor();
  assert.equal(seen.asked.filter((one) => one.startsWith('POST')).length, 1);
}, { expected: /404/ });

check('without the panel the page says so and whom to ask', async (walk) => {
  const who = await walk.server.addUser('Nora Nopanel', ['QualityAnalyst'], 'Demo');
  const page = await walk.window('/');
  await walk.logIn(page, who);
  const begun = Date.now();
  await page.getByRole('heading', { name: 'Your account has no contact panel' }).waitFor();
  assert.ok(Date.now() - begun < 10_000);
  await page.getByText('ask your administrator').waitFor();
  await looksRight(page, 'an account without the panel');
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
}, { expected: /403/ });

check('without a personal queue the page says so; once there is one, trying again goes on', async (walk) => {
  const who = await walk.agent('Quentin Noqueue');
  // No command makes such an account; it may come of another program.
  const db = new DatabaseSync(join(walk.server.dataDir, 'upcall.db'), { enableForeignKeyConstraints: false });
  db.prepare("update users set routing_profile_id='' where username=?").run(who.username);
  db.close();
  const page = await walk.window('/');
  await walk.logIn(page, who);
  const begun = Date.now();
  await page.getByRole('heading', { name: 'Your account has no personal queue' }).waitFor();
  assert.ok(Date.now() - begun < 10_000);
  await page.getByText(`give the account ${who.username} a routing profile`).waitFor();
  await looksRight(page, 'an account without a personal queue');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  const [{ name = '' } = {}] = await walk.server.admin<{ routingProfiles: { name: string }[] }>('routing-profile', 'list').then((list) => list.routingProfiles);
  await walk.server.admin('user', 'set', '--username', who.username, '--routing-profile', name);
  await page.getByRole('button', { name: 'Try again' }).click();
  await atTheDesk(page);
});

check('a reload in the middle begins again, and ends at the desk', async (walk) => {
  const who = await walk.agent('Rita Reload');
  const page = await walk.window('/');
  const go = await hold(page, '/api/connect/setConnectUserId');
  await walk.logIn(page, who);
  await waiting(page).waitFor();
  await page.reload();
  await waiting(page).waitFor();
  go();
  await atTheDesk(page);
});

check('a server that cannot be reached is named, asked again by itself, and may be asked at once', async (walk) => {
  const who = await walk.agent('Otis Offline');
  const page = await walk.window('/');
  let reached = 0;
  await page.route('**/api/connect/user', async (route) => {
    reached += 1;
    await route.abort('connectionrefused');
  });
  await walk.logIn(page, who);
  await page.getByText('The server cannot be reached').waitFor({ timeout: 10_000 });
  await looksRight(page, 'a first log-in without a server');
  await until('the next attempt comes by itself', async () => reached >= 3, { seconds: 20 });
  await page.unroute('**/api/connect/user');
  await page.getByRole('button', { name: 'Try again' }).click();
  await atTheDesk(page);
}, { expected: /ERR_CONNECTION_REFUSED/ });
