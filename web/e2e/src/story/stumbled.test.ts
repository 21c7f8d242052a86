// A fault of the pages themselves: what people see instead of an empty page, and that a running call is not lost by it.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { Bystander } from '../support/bystander.ts';
import { inCall, messageBox, say, seeEachOther } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('stumbled');

/** An answer of a shape that no server of ours gives: the component that shows the name breaks by it. */
async function breakNames(page: Page, route: string): Promise<() => Promise<void>> {
  const pattern = `**${route}?*`;
  await page.route(pattern, (request) => request.fulfill({ json: { success: 'Attendee', data: { name: 7, role: 'other' }, reqId: 'x' } }));
  return () => page.unroute(pattern);
}

check('in mid-call both pages say that they have stumbled; the call goes on, and a reload brings it back', async (walk) => {
  const owner = await walk.agent('Stella Stumble');
  const pair = await inCall(walk, owner);
  const { agent, customer, meetingId } = pair;
  const heal = await Promise.all([breakNames(agent, '/api/chime/attendee'), breakNames(customer, '/api/meeting/attendee')]);
  const { run, clockZero } = walk;
  // Without a picture it is shown by its name.
  const guest = await Bystander.join({ url: walk.server.url, owner, meetingId, name: 'Gus Guest', run, participant: 2, clockZero, video: false });
  try {
    await agent.getByRole('heading', { name: 'This page has stumbled' }).waitFor();
    await agent.getByText('Your call goes on, with your microphone and camera as they were.').waitFor();
    await customer.getByRole('heading', { name: 'This window has stumbled' }).waitFor();
    await customer.getByText('Your call goes on, with your microphone and camera as they were.').waitFor();
    await looksRight(agent, 'a page that has stumbled');
    await looksRight(customer, 'a call that has stumbled');
    const { connections } = await walk.server.meeting(meetingId);
    assert.equal(connections.length, 3, 'both are connected still, beside the guest');
    // The chat stands beside it, as before.
    await messageBox(customer).fill('Are you there?');
    await messageBox(customer).press('Enter');

    for (const undo of heal) await undo();
    await agent.getByRole('button', { name: 'Reload' }).click();
    await agent.getByRole('toolbar', { name: 'Call controls' }).waitFor();
    await agent.getByText('Are you there?').waitFor();
    await walk.sees(agent, 1);
    await customer.getByRole('button', { name: 'Reload the page' }).click();
    await customer.getByRole('toolbar', { name: 'Call controls' }).waitFor();
    await seeEachOther(walk, pair);
    await say(agent, customer, 'Here again.');
  } finally {
    await guest.leave();
  }
}, { seconds: 180, expected: /is not a function/ });

check('a piece of the page that does not come, as after an update: the page says so, and a reload gets it', async (walk) => {
  const page = await walk.window('/healthz');
  await page.route('**/*PlaybackPage*.js', (request) => request.abort());
  await page.goto(`${walk.server.url}/recording/no-such-meeting`);
  await walk.logIn(page, walk.people.sam);
  await page.getByRole('heading', { name: 'This page has stumbled' }).waitFor();
  await looksRight(page, 'a page of which a piece is missing');
  await page.unroute('**/*PlaybackPage*.js');
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByRole('heading', { name: 'No recordings found' }).waitFor();
}, { expected: /ERR_FAILED|dynamically imported module|404/ });
