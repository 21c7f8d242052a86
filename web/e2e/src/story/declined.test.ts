// Somebody says no for now: an agent to a contact, a customer to the video call. What they are told, and the way back.
import assert from 'node:assert/strict';

import { hears, listen } from '../support/announcements.ts';
import { looksRight } from '../support/axe.ts';
import { agentJoins, atDesk, customerAsks, customerJoins, inChat, joinInvitation, messageBox, openCall, say, seeEachOther } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('declined');

check('an agent declines a contact: it leaves the desk with a word, waits in the queue, and is offered again', async (walk) => {
  const who = await walk.agent('Nora No');
  const agent = await atDesk(walk, who, { script: listen });
  const customer = await customerAsks(walk, who.username, 'Carl Customer', { script: listen });
  await agent.getByRole('button', { name: 'Decline Carl Customer' }).first().click();
  await agent.getByRole('status').getByText('You have declined Carl Customer. The contact goes to somebody else.').waitFor();
  await hears(agent, /You have declined Carl Customer/);
  await agent.getByText('No contacts at the moment').waitFor();
  await agent.getByRole('heading', { name: 'Ready when they are' }).waitFor();
  await looksRight(agent, 'the desk after a contact was declined');
  // Nothing of it is said to who waits.
  await customer.getByText('You are next in line', { exact: false }).first().waitFor();
  assert.equal(await customer.getByText(/decline|reject/i).count(), 0);
  await looksRight(customer, 'a customer whose contact was declined');

  // There is nobody else: ten seconds later it comes back.
  await agent.getByRole('button', { name: 'Accept Carl Customer' }).first().click();
  await messageBox(agent).waitFor();
  await say(agent, customer, 'Here I am.');
});

// acceptance: 7
check('a customer does not want the call now: the chat goes on, and the call stays on offer', async (walk) => {
  const pair = await inChat(walk, await walk.agent('Lara Later'));
  const { agent, customer } = pair;
  await openCall(pair);
  await agentJoins(agent);
  await looksRight(customer, 'an invitation');
  await customer.getByRole('button', { name: 'Not now' }).click();
  await customer.getByRole('heading', { name: 'Lara Later invites you to a video call' }).waitFor({ state: 'detached' });
  await customer.getByText('Your video call is open').waitFor();
  await looksRight(customer, 'an invitation that was put off');
  await say(customer, agent, 'In a minute.');
  await agent.getByText('Waiting for Carl Customer to join…').waitFor();
  await looksRight(agent, 'a call whose customer does not come');

  await joinInvitation(customer).click();
  await customerJoins(customer);
  await seeEachOther(walk, pair);
});
