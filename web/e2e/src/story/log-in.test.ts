// The ways in: a temporary password, the server's own page, a link by mail.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { looksRight } from '../support/axe.ts';
import { until } from '../support/wait.ts';
import { suite } from './suite.ts';
import type { Walk } from './walk.ts';

const check = suite('log-in');

/** Text of the newest mail, when there are so many. */
function mail(walk: Walk, count: number): string | undefined {
  const folder = join(walk.server.dataDir, 'mail');
  let names: string[] = [];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return undefined; // none yet
  }
  if (names.length < count) return undefined;
  const text = readFileSync(join(folder, names.at(-1) as string), 'utf8');
  return Buffer.from(text.slice(text.indexOf('\r\n\r\n')).replaceAll(/\s/g, ''), 'base64').toString('utf8');
}

check('a temporary password is changed at the first log-in, on the page itself', async (walk) => {
  const made = await walk.server.admin<{ temporaryPassword: string }>('user', 'add', '--username', 'nina@example.com', '--name', 'Nina New', '--security-profile', 'Agent');
  const page = await walk.window('/');
  await walk.logIn(page, { username: 'nina@example.com', password: made.temporaryPassword });
  await page.getByLabel('New password').waitFor();
  await looksRight(page, 'the log-in with a new password');
  await page.getByLabel('New password').fill('password1');
  await page.keyboard.press('Enter');
  await page.getByText('too well known').waitFor();
  await page.getByLabel('New password').fill('correct horse battery');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /Your status/ }).waitFor();
}, { expected: /40[01]/ });

check('by the server’s page, back to the page that was asked for, without another log-in in the same browser', async (walk) => {
  const who = await walk.agent('Paula Page');
  const page = await walk.window('/devices');
  await page.getByRole('link', { name: 'Single sign-on and other ways' }).click();
  await page.getByRole('heading', { name: 'Log in', level: 1 }).waitFor();
  assert.match(page.url(), /\/oauth2\/authorize\?/);
  await looksRight(page, 'the server’s log-in page');
  await walk.logIn(page, { ...who, password: 'wrong' });
  await page.getByRole('alert').waitFor();
  await looksRight(page, 'the server’s log-in page with an error');
  await walk.logIn(page, who);
  await page.waitForURL(`${walk.server.url}/devices`);
  await page.getByRole('button', { name: /Your status/ }).waitFor();
  // Logged out here, the browser is still known there.
  await page.evaluate(() => localStorage.clear());
  await page.goto(`${walk.server.url}/?federate`);
  await page.getByRole('button', { name: /Your status/ }).waitFor();
}, { expected: /401/ });

check('a forgotten password is replaced by a mail’s link', async (walk) => {
  const who = await walk.agent('Fay Forgets');
  const page = await walk.window('/');
  await page.getByRole('link', { name: 'Password forgotten?' }).click();
  await looksRight(page, 'the page for a forgotten password');
  await page.getByLabel('User name or e-mail').fill(who.username);
  await page.getByRole('button', { name: 'Send a link' }).click();
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  const text = await until('the mail', async () => mail(walk, 1));
  await page.goto(/https?:\S+/.exec(text)?.[0] as string);
  await looksRight(page, 'the page for a new password');
  await page.getByLabel('New password').fill('another good one');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'Go on to the log-in' }).click();
  await walk.logIn(page, { ...who, password: 'another good one' });
  await page.getByRole('button', { name: /Your status/ }).waitFor();
});

check('a second factor is set up and asked for', async (walk) => {
  const who = await walk.agent('Fritz Factor');
  const page = await walk.window('/login?return_to=/account/second-factor');
  await walk.logIn(page, who);
  await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
  assert.ok(await page.getByRole('img').evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0), 'the picture is drawn');
  await looksRight(page, 'the page for a second factor');
  await page.getByLabel('Code').fill('000000');
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByRole('alert').waitFor();
}, { expected: /400/ });
