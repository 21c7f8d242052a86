// One side of a call on a bad network, as the agent sees it: a mark, its reason, a hint; and afterwards a picture over time.
// A supervisor who watches the chat sees both sides.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import type { Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import type { Relay } from '../support/relay.ts';
import { relayedServer } from '../support/through-relay.ts';
import { until } from '../support/wait.ts';
import { agentJoins, customerJoins, escapeFrom, finish, inChat, joinInvitation, openCall, seeEachOther } from './steps.ts';
import { suite } from './suite.ts';

let relay: Relay | undefined;
after(() => relay?.stop());

async function throughRelay() {
  const relayed = await relayedServer();
  relay = relayed.relay;
  return relayed.serve;
}

const check = suite('quality', { serve: throughRelay });

const mark = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(`^Call quality of ${name}`) }).first();

async function score(page: Page, name: string): Promise<number> {
  const label = (await mark(page, name).getAttribute('aria-label')) ?? '';
  return Number(/: ([\d.]+) of 5/.exec(label)?.[1] ?? NaN);
}

check('loss on the agent\'s side: the agent\'s mark falls with its reason, the customer\'s stays, and the contact\'s page shows when', async (walk) => {
  const line = relay as Relay;
  const { agent, customer } = await inChat(walk, await walk.agent('Quinn Quality'), { name: 'Carl Customer' });
  const meetingId = await openCall({ agent, customer });
  await agentJoins(agent);
  await mark(agent, 'You').waitFor({ timeout: 30_000 });
  const agentsWays = line.ways();
  await joinInvitation(customer).click();
  await customerJoins(customer);
  await seeEachOther(walk, { agent, customer });
  await mark(agent, 'Carl Customer').waitFor({ timeout: 30_000 });
  await until('both fare well', async () => (await score(agent, 'You')) >= 4 && (await score(agent, 'Carl Customer')) >= 4, { seconds: 60 });
  await looksRight(agent, 'a call whose quality is good');

  line.loseOneOf(4, agentsWays);
  await until('the agent\'s call is bad', async () => (await score(agent, 'You')) < 3, { seconds: 40 });
  await agent.getByText(/The call is bad for you\./).waitFor({ timeout: 30_000 });
  const other = await score(agent, 'Carl Customer');
  assert.ok(other >= 4, `the customer's stays: ${other} ${JSON.stringify(await walk.server.meeting(meetingId))}`);
  await mark(agent, 'You').focus();
  await agent.keyboard.press('Enter');
  const panel = agent.getByRole('dialog', { name: 'Call quality: You' });
  await panel.getByText(/gets lost\./).waitFor();
  await panel.getByText('Lost, from the person').waitFor();
  await looksRight(agent, 'the figures of a bad call');
  await escapeFrom(panel);
  line.loseOneOf(0);
  await until('it is better', async () => (await score(agent, 'You')) >= 4, { seconds: 60 });

  await agent.getByRole('button', { name: /^Leave/ }).click();
  await agent.getByRole('button', { name: 'End for everybody' }).click();
  await agent.getByRole('heading', { name: 'The call has ended' }).waitFor();
  await agent.goto(walk.server.url);
  await finish(agent);

  const sam = await walk.window('/contacts');
  await walk.logIn(sam, walk.people.sam);
  await until('the contact is found', async () => {
    await sam.getByRole('button', { name: 'Search', exact: true }).click();
    return (await sam.getByRole('row').filter({ has: sam.getByRole('rowheader') }).count()) === 1;
  });
  await sam.getByRole('row').getByRole('link').first().click();
  await sam.getByRole('heading', { name: 'Call quality' }).waitFor();
  const agents = sam.getByRole('article', { name: 'Quinn Quality' });
  await agents.getByRole('img', { name: 'Call quality of Quinn Quality over time' }).waitFor();
  await agents.getByText(/Mostly: loss on the way/).waitFor();
  await until('it is drawn', async () => (await agents.locator('.recharts-line-curve').count()) >= 4);
  assert.match(await sam.getByRole('article', { name: 'Carl Customer' }).innerText(), /good/);
  await looksRight(sam, 'the quality of a call that is over');
  await agents.getByRole('button', { name: 'As a table' }).click();
  await agents.getByRole('row').filter({ hasText: /loss on the way/ }).first().waitFor();
  await agents.getByText(/joined/).waitFor();
  await looksRight(sam, 'the quality of a call as a table');
}, { seconds: 300 });

check('a supervisor who watches sees how both fare while it happens, and why; before the call and after it there is no line', async (walk) => {
  const line = relay as Relay;
  const sue = await walk.server.addUser('Sue Super', ['CallCenterManager'], 'Demo');
  const { agent, customer } = await inChat(walk, await walk.agent('Walt Watched'), { name: 'Vera Visitor' });
  const floor = await walk.window('/supervise');
  await walk.logIn(floor, sue);
  await floor.getByRole('button', { name: /Vera Visitor/ }).click();
  await floor.getByText('You are invisible').waitFor();
  const live = floor.getByRole('region', { name: 'The call now' });
  assert.equal(await live.count(), 0, 'there is no call yet');

  await openCall({ agent, customer });
  await agentJoins(agent);
  await mark(floor, 'Walt Watched').waitFor({ timeout: 30_000 });
  const agentsWays = line.ways();
  await joinInvitation(customer).click();
  await customerJoins(customer);
  await seeEachOther(walk, { agent, customer });
  await mark(floor, 'Vera Visitor').waitFor({ timeout: 30_000 });
  assert.equal(await live.getByRole('button').count(), 2, 'a mark for each');
  await until('both fare well', async () => (await score(floor, 'Walt Watched')) >= 4 && (await score(floor, 'Vera Visitor')) >= 4, { seconds: 60 });
  await looksRight(floor, 'a call that is watched');

  line.loseOneOf(4, agentsWays);
  await until('the agent\'s side is bad', async () => (await score(floor, 'Walt Watched')) < 3, { seconds: 40 });
  const other = await score(floor, 'Vera Visitor');
  assert.ok(other >= 4, `the customer's stays: ${other}`);
  await mark(floor, 'Walt Watched').focus();
  await floor.keyboard.press('Enter');
  const panel = floor.getByRole('dialog', { name: 'Call quality: Walt Watched' });
  await panel.getByText(/gets lost\./).waitFor();
  await panel.getByText('Delay, there and back').waitFor();
  await panel.getByText('Unevenness').waitFor();
  await escapeFrom(panel);
  line.loseOneOf(0);
  await until('it is better', async () => (await score(floor, 'Walt Watched')) >= 4, { seconds: 60 });

  await agent.getByRole('button', { name: /^Leave/ }).click();
  await agent.getByRole('button', { name: 'End for everybody' }).click();
  await agent.getByRole('heading', { name: 'The call has ended' }).waitFor();
  await until('the line is gone with the call', async () => (await live.count()) === 0, { seconds: 30 });
  await floor.getByRole('button', { name: 'Stop watching' }).click();
  await agent.goto(walk.server.url);
  await finish(agent);
}, { seconds: 300 });
