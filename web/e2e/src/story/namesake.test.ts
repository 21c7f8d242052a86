// People who are called as the recording is: they are people, and nobody is told that the call is recorded before it is.
import assert from 'node:assert/strict';

import { hears, listen } from '../support/announcements.ts';
import { looksRight } from '../support/axe.ts';
import { Bystander } from '../support/bystander.ts';
import { inCall } from './steps.ts';
import { suite } from './suite.ts';

declare const window: { heard: string[] };

const check = suite('namesake');

// acceptance: 12, 33, 50
check('an agent, a customer and a guest called RECORDING are seen; who is recorded is told when it is so', async (walk) => {
  const owner = await walk.agent('RECORDING');
  const { agent, customer, meetingId } = await inCall(walk, owner, { name: 'RECORDING', agent: { script: listen }, customer: { script: listen } });
  const { run, clockZero } = walk;
  const guest = await Bystander.join({ url: walk.server.url, owner, meetingId, name: 'RECORDING', run, participant: 2, clockZero });
  try {
    await Promise.all([walk.sees(agent, 2), walk.sees(customer, 2), walk.sees(agent, 1), walk.sees(customer, 0)]);
    // Two beside oneself, each under the own name.
    const ofAgent = agent.locator('figure:not([data-self]) .tile__name').getByText('RECORDING', { exact: true });
    const ofCustomer = customer.locator('.stage__people .tile__name').getByText('RECORDING', { exact: true });
    await ofAgent.nth(1).waitFor();
    await ofCustomer.nth(1).waitFor();
    await agent.getByRole('button', { name: '3 people' }).waitFor();
    const mark = customer.getByTitle('This call is being recorded');
    assert.equal(await mark.count(), 0, 'the customer sees no mark of a recording');
    for (const page of [agent, customer]) {
      const heard = await page.evaluate(() => window.heard);
      assert.deepEqual(heard.filter((text) => /being recorded|Recording|has started/.test(text)), [], 'nobody was told of a recording');
    }

    await agent.getByRole('button', { name: 'Record', exact: true }).click();
    await agent.getByRole('button', { name: 'Stop recording' }).waitFor();
    await hears(agent, /The recording has started/);
    await mark.waitFor();
    await hears(customer, /This call is being recorded/);
    // The recorder itself is no tile, and a row of its own kind in the list.
    assert.equal(await ofAgent.count(), 2);
    assert.equal(await ofCustomer.count(), 2);
    await agent.getByRole('button', { name: '3 people' }).click();
    await agent.getByRole('listitem').filter({ hasText: 'Records this call' }).waitFor();
    assert.equal(await agent.getByRole('button', { name: 'Remove RECORDING from the call' }).count(), 2);
    await looksRight(agent, 'a call of namesakes');
    await looksRight(customer, "the customer's call of namesakes");

    await agent.getByRole('button', { name: 'Stop recording' }).click();
    await mark.waitFor({ state: 'detached' });
    await hears(customer, /The recording has stopped/);
  } finally {
    await guest.leave();
  }
}, { seconds: 180 });
