// A supervisor watches a chat unseen, steps in and leaves; a sibling group's supervisor sees nothing of it.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { until } from '../support/wait.ts';
import { inChat, messageBox, say } from './steps.ts';
import { suite } from './suite.ts';
import type { Login, Walk } from './walk.ts';

const check = suite('supervise');

async function onTheFloor(walk: Walk, who: Login): Promise<Page> {
  const page = await walk.window('/supervise');
  await walk.logIn(page, who);
  await page.getByRole('heading', { name: 'Live contacts', level: 1 }).waitFor();
  return page;
}

const rowOf = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(name) });

async function saysNothingOf(page: Page, name: string): Promise<void> {
  assert.ok(!(await page.locator('body').ariaSnapshot()).includes(name), `${page.url()} says nothing of ${name}`);
}

check('watches unseen, steps in, writes, sends a file, and leaves; everybody sees what they should', async (walk) => {
  const sue = await walk.server.addUser('Sue Super', ['CallCenterManager'], 'Demo');
  const max = await walk.server.addUser('Max Sibling', ['CallCenterManager'], 'Elsewhere');
  const { agent, customer } = await inChat(walk, await walk.agent('Ann Watched'), { name: 'Carla Customer' });
  await say(customer, agent, 'my heating is cold');
  const floor = await onTheFloor(walk, sue);
  await rowOf(floor, 'Carla Customer').getByText('In conversation').waitFor();
  await rowOf(floor, 'Carla Customer').getByText('Ann Watched').waitFor();
  const handled = () => rowOf(floor, 'Carla Customer').getByRole('cell').last().innerText();
  const before = await handled();
  await until('its time runs on', async () => (await handled()) !== before);
  await floor.getByText('Ann Watched').last().waitFor();
  await looksRight(floor, 'the live contacts');

  await floor.getByRole('button', { name: /Carla Customer/ }).click();
  await floor.getByText('You are invisible').waitFor();
  await floor.getByText('my heating is cold').waitFor();
  assert.equal(await messageBox(floor).count(), 0, 'who is unseen cannot write');
  await looksRight(floor, 'a chat that is watched');
  await say(agent, customer, 'let me look');
  await floor.getByText('let me look').waitFor();
  await messageBox(customer).pressSequentially('it is');
  await floor.getByText('Carla Customer is writing').waitFor();
  for (const page of [agent, customer]) await saysNothingOf(page, 'Sue Super');

  await floor.getByRole('button', { name: 'Step in' }).click();
  await floor.getByText('You are in the chat').waitFor();
  await agent.getByText('Sue Super joined as supervisor').waitFor();
  await customer.getByText('Sue Super joined').waitFor();
  await messageBox(floor).fill('I am her supervisor');
  await messageBox(floor).press('Enter');
  for (const page of [agent, customer]) await page.locator('.message', { hasText: 'I am her supervisor' }).getByText('Sue Super').first().waitFor();
  const chooser = floor.waitForEvent('filechooser');
  await floor.getByRole('button', { name: 'Send files' }).click();
  await (await chooser).setFiles({ name: 'voucher.txt', mimeType: 'text/plain', buffer: Buffer.from('ten percent') });
  for (const page of [agent, customer, floor]) await page.locator('.file', { hasText: 'voucher.txt' }).getByText('11 bytes').waitFor();
  await looksRight(floor, 'a chat that a supervisor is in');

  await floor.getByRole('button', { name: 'Leave the chat' }).click();
  for (const page of [agent, customer]) await page.getByText('Sue Super left').waitFor();
  await floor.getByText('You are invisible').waitFor();
  await say(customer, agent, 'are we alone now?');
  await floor.getByText('are we alone now?').waitFor();
  await floor.getByRole('button', { name: 'Stop watching' }).click();
  await until('the list says that nobody watches', async () => (await floor.getByText('You watch', { exact: true }).count()) === 0);

  const other = await onTheFloor(walk, max);
  await other.getByText('No open contacts in your part of the contact centre').waitFor();
  await other.getByText('No agents in your part of the contact centre').waitFor();
  await saysNothingOf(other, 'Ann Watched');
  // Not by the address either.
  await other.goto(floor.url().replace(/\/supervise.*/, '') + `/supervise/${new URL(agent.url()).searchParams.get('contact')}`);
  await other.getByText('This is not there any more.').waitFor();
}, { expected: /40[34]/ });

check('what waits is counted, with the longest wait; a supervisor at the desk gets there by the header', async (walk) => {
  const zoe = await walk.server.addUser('Zoe All', ['Admin'], '');
  const floor = await walk.window('/');
  await walk.logIn(floor, zoe);
  await floor.getByRole('link', { name: 'Supervise' }).click();
  await floor.getByRole('heading', { name: 'Live contacts', level: 1 }).waitFor();
  const customer = await walk.window('/demo-website.html');
  await customer.getByRole('button', { name: 'Talk to us' }).first().click();
  await customer.getByLabel('Your name').fill('Wanda Waiting');
  await customer.getByLabel('Your e-mail address').fill('nobody.here@example.com');
  await customer.getByRole('button', { name: 'Start chat' }).click();
  await rowOf(floor, 'Wanda Waiting').getByText('Waiting').waitFor();
  await floor.getByText(/longest \d+:\d\d/).waitFor();
  await looksRight(floor, 'a contact that waits');
});

check('an agent without the permission has no link and no list', async (walk) => {
  const ann = await walk.agent('Ann Nosuper');
  const page = await walk.window('/');
  await walk.logIn(page, ann);
  await page.getByRole('button', { name: /Your status/ }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Supervise' }).count(), 0);
  await page.goto(`${walk.server.url}/supervise`);
  await page.getByText('You are not allowed to do this').waitFor();
}, { expected: /403/ });
