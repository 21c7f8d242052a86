// A call that is left and found again: a reload, a second tab, an invitation to what is over.
import assert from 'node:assert/strict';

import { looksRight } from '../support/axe.ts';
import { Api } from '../support/api.ts';
import { agentJoins, atDesk, customerJoins, inCall, inChat, joinInvitation, openCall, say, seeEachOther } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('returning');

// acceptance: 7
check('a reload in mid-call: both are back at once, as they were', async (walk) => {
  const rosa = await walk.agent('Rosa Reload');
  const pair = await inCall(walk, rosa);
  const { agent, customer } = pair;
  await agent.getByRole('button', { name: 'Mute' }).click();
  await agent.reload();
  // As it was: in the call, with the camera, muted.
  await agent.getByRole('button', { name: 'Unmute' }).waitFor();
  await agent.getByRole('button', { name: 'Camera off' }).waitFor();
  await seeEachOther(walk, pair);

  await customer.getByRole('button', { name: 'Mute' }).click();
  await customer.reload();
  await customer.getByRole('button', { name: 'Unmute' }).waitFor();
  await customer.getByRole('button', { name: 'Turn camera off' }).waitFor();
  await seeEachOther(walk, pair);
  await say(customer, agent, 'That was a wrong key.');
});

check("the customer's second tab: one chat and one call at a time", async (walk) => {
  const tara = await walk.agent('Tara Tabs');
  const pair = await inCall(walk, tara);
  const { agent, customer: first } = pair;
  // A tab that was duplicated has what the first one keeps.
  const stored = await first.evaluate(() => ({ ...sessionStorage }));
  const second = await first.context().newPage();
  await second.addInitScript((kept) => Object.assign(sessionStorage, kept), stored);
  await second.goto(first.url());
  await second.getByRole('heading', { name: 'Open in another tab' }).waitFor();
  await looksRight(second, "the customer's second tab");
  await walk.sees(agent, 1);

  await second.getByRole('button', { name: 'Use it here' }).click();
  await first.getByRole('heading', { name: 'Open in another tab' }).waitFor();
  await looksRight(first, "the customer's first tab");
  // The call comes along.
  await seeEachOther(walk, { agent, customer: second });
  await say(second, agent, 'Now from here.');
});

// acceptance: 13, 14
check('the meeting has ended meanwhile: for the customer and for the agent', async (walk) => {
  const enno = await walk.agent('Enno Ended');
  const api = new Api(walk.server.url);
  await api.logIn(enno);
  const pair = await inChat(walk, enno);
  const { agent, customer } = pair;
  const meetingId = await openCall(pair);
  await joinInvitation(customer).click();
  await customer.getByRole('button', { name: 'Join now' }).waitFor();
  await api.ok('DELETE', '/api/chime/meeting', { externalMeetingId: meetingId });
  await customer.getByRole('button', { name: 'Join now' }).click();
  await customer.getByRole('heading', { name: 'The call has ended' }).waitFor();
  await looksRight(customer, 'an invitation to a call that has ended');
  await customer.getByRole('button', { name: 'Back to chat' }).click();
  await customer.getByRole('textbox', { name: 'Message' }).waitFor();
  assert.equal(await joinInvitation(customer).count(), 0);

  // The agent is at the devices still; then by the address, from somewhere else.
  await agent.getByRole('button', { name: 'Join the call' }).click();
  await agent.getByRole('heading', { name: 'The call has ended' }).waitFor();
  await agent.getByRole('button', { name: 'Back to the desk' }).click();
  await agent.getByRole('heading', { name: 'Contacts' }).waitFor();
  await agent.goto(`${walk.server.url}/meeting/${meetingId}`);
  await agent.getByRole('heading', { name: 'This call is not running' }).waitFor();
  await looksRight(agent, 'a call that is not running');
  await agent.getByRole('button', { name: 'Open the meeting' }).click();
  await agent.getByRole('heading', { name: 'Check your devices' }).waitFor();
  await agentJoins(agent);
  await joinInvitation(customer).click();
  await customerJoins(customer);
  await seeEachOther(walk, pair);
}, { expected: /404|WebSocket|4\d\d/ });

check('the chat has ended meanwhile: the customer who comes back is told, and can begin anew', async (walk) => {
  const { agent, customer } = await inChat(walk, await walk.agent('Cleo Closed'));
  const address = customer.url();
  await customer.goto('about:blank');
  await agent.getByRole('button', { name: 'End contact' }).click();
  await agent.getByRole('alertdialog').getByRole('button', { name: 'End contact' }).click();
  await agent.getByRole('button', { name: 'Clear contact' }).waitFor();
  await looksRight(agent, 'after-contact work');
  await customer.goto(address);
  await customer.getByRole('heading', { name: 'This chat is over' }).waitFor();
  await looksRight(customer, 'a chat that is over');
  await customer.getByRole('button', { name: 'Start a new chat' }).click();
  await customer.getByLabel('Your name').waitFor();
}, { expected: /403/ });

check("an agent's second call, and somebody else's", async (walk) => {
  const agent = await atDesk(walk, await walk.agent('Sara Second'));
  const open = async (id: string): Promise<void> => {
    await agent.getByRole('button', { name: 'Open a meeting' }).click();
    await agent.getByRole('dialog').getByLabel('Meeting id').fill(id);
    await agent.getByRole('dialog').getByRole('button', { name: 'Start video' }).click();
  };
  await open('one-of-sara');
  await agentJoins(agent);
  await agent.getByRole('link', { name: 'Upcall, to the desk' }).click();
  await agent.getByText('You are in a call').waitFor();
  await looksRight(agent, 'the desk during a call');
  await open('two-of-sara');
  await agent.getByRole('alertdialog', { name: 'You are in another call' }).waitFor();
  await looksRight(agent, 'another call');
  await agent.getByRole('button', { name: 'Leave and start' }).click();
  await agentJoins(agent);

  const other = await atDesk(walk, await walk.agent('Otis Other'));
  await other.goto(`${walk.server.url}/meeting/two-of-sara`);
  await other.getByRole('button', { name: 'Open the meeting' }).click();
  await other.getByRole('heading', { name: 'The meeting could not be opened' }).waitFor();
  await looksRight(other, "somebody else's meeting");
  await other.getByRole('button', { name: 'Back to the desk' }).click();
  await other.getByRole('heading', { name: 'Contacts' }).waitFor();
}, { expected: /40[39]/ });
