// A contact in the middle of its video call goes to another agent: the call and what is recorded of it go along.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

import { Api } from '../support/api.ts';
import { looksRight } from '../support/axe.ts';
import { until } from '../support/wait.ts';
import { agentJoins, atDesk, inCall, inChat, messageBox } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('transfer');

async function openTransfer(agent: Page): Promise<void> {
  await agent.getByRole('button', { name: 'Transfer contact' }).click();
  await agent.getByRole('dialog', { name: 'Transfer contact' }).waitFor();
}

check('the call goes along: the new agent has it, the first one is out of it and clears in peace', async (walk) => {
  const ann = await walk.agent('Ann First');
  const bob = await walk.agent('Bob Second');
  const second = await atDesk(walk, bob, { participant: 2 });
  const { agent, customer, meetingId } = await inCall(walk, ann);
  await openTransfer(agent);
  await agent.getByText('The video call goes along').waitFor();
  await agent.getByRole('searchbox', { name: 'Find an agent or a queue' }).fill('second');
  await looksRight(agent, 'the transfer dialog');
  await agent.getByRole('button', { name: 'Transfer Bob Second' }).click();
  await second.getByRole('button', { name: /^Accept/ }).first().click();

  // Ann hears of it where she is; the customer stays in the call.
  await agent.getByRole('heading', { name: 'The call goes on with somebody else' }).waitFor();
  await looksRight(agent, 'the end of a call that was handed on');
  await agent.getByRole('button', { name: 'Back to the desk' }).click();
  await agent.getByText('You have handed this contact on').waitFor();
  await second.getByRole('button', { name: 'Start video' }).click();
  await agentJoins(second);
  await walk.sees(second, 1);
  await walk.sees(customer, 2);
  const api = new Api(walk.server.url);
  await api.logIn(ann);
  assert.equal((await api.call('DELETE', '/api/chime/meeting', { externalMeetingId: meetingId })).status, 403, 'it is not hers to end');

  await agent.getByRole('button', { name: 'Clear contact' }).click();
  await agent.getByText('No contacts at the moment').waitFor();
  await walk.sees(customer, 2);

  await second.getByRole('button', { name: 'Leave', exact: true }).click();
  await second.getByRole('button', { name: 'End for everybody' }).click();
  await customer.getByText('The call has ended').first().waitFor();
});

check('with a queue the call ends, and whoever takes the contact opens a new one', async (walk) => {
  const ann = await walk.agent('Ann Queue');
  const { agent, customer } = await inCall(walk, ann);
  await openTransfer(agent);
  await agent.getByRole('button', { name: /^Transfer Basic/ }).click();
  await agent.getByRole('heading', { name: 'The call goes on with somebody else' }).waitFor();
  await customer.getByText('The call has ended').first().waitFor();
});

check('what the first agent wrote is not what the second one has written', async (walk) => {
  const ann = await walk.agent('Ann Writer');
  const bob = await walk.agent('Bob Reader');
  const second = await atDesk(walk, bob);
  const { agent } = await inChat(walk, ann);
  await messageBox(agent).fill('I am Ann');
  await messageBox(agent).press('Enter');
  await openTransfer(agent);
  await agent.getByRole('button', { name: 'Transfer Bob Reader' }).click();
  await second.getByRole('button', { name: /^Accept/ }).first().click();
  const hers = second.locator('.message', { hasText: 'I am Ann' });
  await hers.waitFor();
  assert.match((await hers.innerText()).trim(), /^Ann Writer/, 'it has her name');
});

check('a status of the installation’s own is named, and can be chosen for later', async (walk) => {
  await walk.server.admin('agent-status', 'add', '--name', 'Lunch');
  const { agent } = await inChat(walk, await walk.agent('Ann Status'));
  await agent.getByRole('button', { name: /Your status/ }).click();
  await agent.getByRole('group', { name: 'When my contacts are done' }).getByRole('menuitemradio', { name: 'Lunch' }).click();
  await agent.getByRole('button', { name: /Your status:\s*Available\s*then Lunch/ }).waitFor();
  await agent.getByRole('button', { name: 'End contact' }).click();
  await agent.getByRole('alertdialog').getByRole('button', { name: 'End contact' }).click();
  await agent.getByRole('button', { name: 'Clear contact' }).click();
  await agent.getByRole('heading', { name: 'Your status is “Lunch”' }).waitFor();
  await looksRight(agent, 'the desk of an agent who is at lunch');
  await agent.getByRole('button', { name: 'Become available' }).click();
  await agent.getByRole('heading', { name: 'Ready when they are' }).waitFor();
  await until('the menu is closed', async () => !(await agent.getByRole('menu').isVisible()));
});
