// Contacts that are over: found, opened, read and watched by their supervisor; not there for another group's.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { until } from '../support/wait.ts';
import { atDesk, customerAsks, finish, inCall, inChat, messageBox, say, storedFilm } from './steps.ts';
import { suite } from './suite.ts';
import type { Login, Walk } from './walk.ts';

const check = suite('contacts');

const rows = (page: Page) => page.getByRole('row').filter({ has: page.getByRole('rowheader') });

async function searchPage(walk: Walk, who: Login, path = '/contacts'): Promise<Page> {
  const page = await walk.window(path);
  await walk.logIn(page, who);
  await page.getByRole('heading', { name: 'Find contacts' }).waitFor();
  return page;
}

/** What it finds is there two seconds after the end; asked again until then. */
async function findsOne(page: Page): Promise<void> {
  await until('one contact is found', async () => {
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByRole('status').filter({ hasText: /contact/ }).first().waitFor({ state: 'attached' });
    return (await rows(page).count()) === 1;
  });
}

check('a story is found by its words and its attribute, opened, read and watched; another group finds nothing', async (walk) => {
  const { agent, customer, meetingId } = await inCall(walk, await walk.agent('Sina Search'));
  await agent.getByRole('button', { name: 'Record', exact: true }).click();
  await agent.getByRole('button', { name: 'Stop recording' }).waitFor();
  await walk.sees(customer, 0);
  await agent.getByRole('button', { name: 'Stop recording' }).click();
  await agent.getByRole('button', { name: 'Record', exact: true }).waitFor();
  await agent.getByRole('button', { name: /^Leave/ }).click();
  await agent.getByRole('button', { name: 'End for everybody' }).click();
  await agent.getByRole('heading', { name: 'The call has ended' }).waitFor();
  await agent.goto(walk.server.url);
  await say(agent, customer, 'The boiler quincunx is on its way');
  await finish(agent);

  const sam = await searchPage(walk, walk.people.sam);
  await sam.getByLabel('Words in the conversation').fill('quincunx BOILER');
  await findsOne(sam);
  await looksRight(sam, 'contacts found');
  assert.match(sam.url(), /\/contacts\?text=quincunx/);
  await sam.getByRole('button', { name: 'Clear the search' }).or(sam.getByRole('button', { name: 'More conditions' })).first().click();
  await sam.getByLabel('Words in the conversation').fill('');
  await sam.getByLabel('Attribute', { exact: true }).fill('videoExternalMeetingId');
  await sam.getByLabel('Value of the attribute').fill(meetingId);
  await findsOne(sam);
  await looksRight(sam, 'contacts with all conditions');

  // By keyboard alone.
  await rows(sam).getByRole('link').focus();
  await sam.keyboard.press('Enter');
  await sam.getByRole('heading', { name: 'Time line' }).waitFor();
  for (const step of ['Begun', /^Offered to Sina/, /^Connected with Sina/, 'Video call began', 'Recording began', /^Ended/, /finished the after-contact work/]) {
    await sam.getByRole('listitem').filter({ hasText: step }).first().waitFor();
  }
  await sam.getByText('Who reads a conversation is put in the audit log.').waitFor();
  assert.equal(await sam.getByText('The boiler quincunx').count(), 0, 'it is shown when somebody asks for it');
  await sam.getByRole('button', { name: 'Read the conversation' }).click();
  await sam.getByText('The boiler quincunx is on its way').waitFor();
  await sam.getByRole('link', { name: 'Open the recordings' }).waitFor();
  await looksRight(sam, 'a contact');
  const page = sam.url();
  await sam.getByRole('link', { name: /^Watch/ }).click();
  await storedFilm(sam);
  await sam.goBack();
  await sam.getByRole('heading', { name: 'Time line' }).waitFor();
  await sam.getByRole('link', { name: 'Back to the search' }).click();
  await rows(sam).first().waitFor();
  assert.equal(await sam.getByLabel('Value of the attribute').inputValue(), meetingId, 'the form is as it was');

  const otto = await searchPage(walk, walk.people.otto, `/contacts?attribute=videoExternalMeetingId&value=${meetingId}`);
  await otto.getByRole('heading', { name: 'Nothing found' }).waitFor();
  await looksRight(otto, 'no contact found');
  await otto.goto(page);
  await otto.getByRole('heading', { name: 'No such contact' }).waitFor();
  await looksRight(otto, 'no such contact');
  const audit = await walk.server.admin<{ entries: { action: string }[] }>('audit', 'list', '--action', 'contact.transcript_viewed');
  assert.equal(audit.entries.length, 1, JSON.stringify(audit));
}, { seconds: 240, expected: /404/ });

check('the address is the search, back goes to the one before, and only those who may see the way to it', async (walk) => {
  const { agent, customer } = await inChat(walk, await walk.agent('Lia Link'));
  await say(customer, agent, 'zyzzyva in the attic');
  assert.equal(await agent.getByRole('link', { name: 'Contacts' }).count(), 0, 'an agent may not search');
  await finish(agent);

  const sam = await searchPage(walk, walk.people.sam, '/contacts?text=zyzzyva');
  await findsOne(sam);
  assert.equal(await sam.getByLabel('Words in the conversation').inputValue(), 'zyzzyva');
  await sam.getByRole('link', { name: 'Contacts' }).waitFor();
  await sam.getByLabel('Words in the conversation').fill('nowhere');
  await sam.keyboard.press('Enter');
  await sam.getByRole('heading', { name: 'Nothing found' }).waitFor();
  await sam.goBack();
  await rows(sam).first().waitFor();
  assert.equal(await sam.getByLabel('Words in the conversation').inputValue(), 'zyzzyva');

  await sam.getByRole('button', { name: 'More conditions' }).click();
  const picker = sam.getByRole('combobox', { name: 'Agent' });
  await picker.fill('lia');
  await sam.getByRole('option', { name: /Lia Link/ }).click();
  await findsOne(sam);
  assert.match(sam.url(), /agentName=Lia\+Link/);

  // What does not come is said, and can be asked for again.
  await sam.route('**/api/contact-search?**', (route) => route.fulfill({ status: 503, json: { message: 'x', code: 'unavailable' } }));
  await sam.getByRole('button', { name: 'Search', exact: true }).click();
  await sam.locator('.notice--error').waitFor();
  await looksRight(sam, 'contacts that could not be searched');
  await sam.unroute('**/api/contact-search?**');
  await sam.getByRole('button', { name: 'Try again' }).click();
  await rows(sam).first().waitFor();

  await agent.goto(`${walk.server.url}/contacts`);
  await agent.locator('.notice--error').waitFor();
  await looksRight(agent, 'contacts for somebody who may not search');
}, { expected: /403|503/ });

check('an agent who searches is offered contacts all the while, and a second tab that searches leaves the desk alone', async (walk) => {
  const mona = await walk.server.addUser('Mona Manager', ['CallCenterManager'], 'Demo');
  const desk = await atDesk(walk, mona);
  await desk.getByRole('link', { name: 'Contacts' }).click();
  await desk.getByRole('heading', { name: 'Find contacts' }).waitFor();
  const second = await desk.context().newPage();
  await second.goto(`${walk.server.url}/contacts`);
  await second.getByRole('heading', { name: 'Find contacts' }).waitFor();
  await customerAsks(walk, mona.username, 'Nora New');
  await desk.getByText('Nora New').first().waitFor();
  await looksRight(desk, 'an offer beside the search');
  await desk.getByRole('button', { name: 'Show' }).click();
  await desk.getByRole('button', { name: /^Accept/ }).first().click();
  await messageBox(desk).waitFor();
});
