// The network goes in the middle of a call: for a while, and for good.
import { after } from 'node:test';
import type { Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import type { Relay } from '../support/relay.ts';
import { relayedServer } from '../support/through-relay.ts';
import { agentJoins, customerJoins, inCall, say, seeEachOther } from './steps.ts';
import { suite } from './suite.ts';

const RECONNECTING = 'The connection was lost. Reconnecting…';

// Browsers report what broke, and the media library trips over its own report of it.
const BREAKS = /ERR_|WebSocket|interrupted while|session will not be reconnected/;

let relay: Relay | undefined;
after(() => relay?.stop());

async function throughRelay() {
  const relayed = await relayedServer();
  relay = relayed.relay;
  return relayed.serve;
}

const check = suite('network', { serve: throughRelay });

/** The media library gives up after two minutes of its clock. */
async function twoMinutesLater(page: Page): Promise<void> {
  await page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now.call(Date) + 120_000;
  });
}

check('a lost network: the pages say so and go on by themselves; after two minutes they offer a way back', async (walk) => {
  const line = relay as Relay;
  const rita = await walk.agent('Rita Reconnecting');
  const pair = await inCall(walk, rita);
  const { agent, customer } = pair;

  line.cut();
  await Promise.all([agent, customer].map((page) => page.getByText(RECONNECTING).waitFor({ timeout: 60_000 })));
  await agent.getByRole('status').filter({ hasText: 'No connection. Trying again…' }).waitFor();
  await customer.getByRole('status').getByText('No connection. We keep trying').waitFor();
  await looksRight(agent, 'the agent reconnects');
  await looksRight(customer, 'the customer reconnects');
  line.restore();
  await Promise.all([agent, customer].map((page) => page.getByText(RECONNECTING).waitFor({ state: 'detached', timeout: 60_000 })));
  await seeEachOther(walk, pair);
  await agent.getByText('No connection. Trying again…').waitFor({ state: 'detached' });
  await customer.getByText('No connection. We keep trying').waitFor({ state: 'detached', timeout: 60_000 });
  await say(customer, agent, 'There you are again.');
  await say(agent, customer, 'So are you.');

  line.cut();
  await Promise.all([agent, customer].map((page) => page.getByText(RECONNECTING).waitFor({ timeout: 60_000 })));
  await Promise.all([agent, customer].map(twoMinutesLater));
  await agent.getByRole('heading', { name: 'The connection is lost' }).waitFor({ timeout: 60_000 });
  await customer.getByRole('heading', { name: 'The connection was lost' }).waitFor({ timeout: 60_000 });
  await looksRight(agent, 'the agent has lost the connection');
  await looksRight(customer, 'the customer has lost the connection');
  line.restore();
  await Promise.all([agent, customer].map((page) => page.getByText('No connection.').waitFor({ state: 'detached', timeout: 60_000 })));
  // The customer first: an agent who joins again invites once more.
  await customer.getByRole('button', { name: 'Join again' }).click();
  await customerJoins(customer);
  await agent.getByRole('button', { name: 'Join again' }).click();
  await agentJoins(agent);
  await seeEachOther(walk, pair);
}, { seconds: 300, expected: BREAKS });
