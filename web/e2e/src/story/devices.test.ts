// A camera or microphone that is refused, missing, or closed to the page: what people are told, and that they join anyway.
import { after } from 'node:test';
import type { Browser, Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { launchChromium } from '../support/browsers.ts';
import { Bystander } from '../support/bystander.ts';
import { ownAddress } from '../support/processes.ts';
import { agentJoins, atDesk, inChat, joinInvitation, openCall } from './steps.ts';
import { suite } from './suite.ts';
import type { Login, Walk } from './walk.ts';

// Pages are also reached by the machine's own address, without TLS: there browsers give no devices.
const check = suite('devices', { serve: async () => ({ listen: '0.0.0.0:0' }) });

const local = (walk: Walk): string => `http://127.0.0.1:${new URL(walk.server.url).port}`;
const insecure = (walk: Walk): string => `http://${ownAddress()}:${new URL(walk.server.url).port}`;

const browsers: Browser[] = [];
after(() => Promise.all(browsers.map((browser) => browser.close())));

async function another(devices: 'refused' | 'none'): Promise<Browser> {
  const browser = await launchChromium({ devices });
  browsers.push(browser);
  return browser;
}

/** Somebody who is seen in the call of two who send nothing. */
async function withBystander(walk: Walk, owner: Login, meetingId: string, body: () => Promise<void>): Promise<void> {
  const { run, clockZero } = walk;
  const bystander = await Bystander.join({ url: local(walk), owner, meetingId, name: 'Tom Third', run, participant: 2, clockZero });
  try {
    await body();
  } finally {
    await bystander.leave();
  }
}

/** Muted and without a camera, and a press on either says why. */
async function agentIsToldInTheCall(agent: Page, why: (device: string) => string): Promise<void> {
  await agent.getByRole('button', { name: 'Unmute' }).click();
  await agent.getByRole('alert').filter({ hasText: why('microphone') }).waitFor();
  await agent.getByRole('button', { name: 'Camera on' }).click();
  await agent.getByRole('alert').filter({ hasText: why('camera') }).waitFor();
}

// acceptance: 8, 30
check('refused: the agent by both devices, the customer by the camera', async (walk) => {
  const browser = await another('refused');
  const nadia = await walk.agent('Nadia Denied');
  const pair = await inChat(walk, nadia, {
    agent: { browser, origin: local(walk), context: { permissions: [] } },
    customer: { browser, origin: local(walk), context: { permissions: ['microphone'] } },
  });
  const { agent, customer } = pair;
  const meetingId = await openCall(pair);
  await agent.getByText('The browser may not use your camera.').waitFor();
  await agent.getByText('The browser may not use your microphone.').waitFor();
  await looksRight(agent, "agent's devices, refused");

  await agentJoins(agent);
  await joinInvitation(customer).click();
  await customer.getByRole('meter', { name: 'Microphone level' }).waitFor();
  await customer.getByRole('switch', { name: 'Show my camera' }).check();
  await customer.getByRole('alert').getByText('Your browser does not let this page use the camera.').waitFor();
  await looksRight(customer, "customer's devices, refused");
  await customer.getByRole('button', { name: 'Join now' }).click();
  // With sound only: its microphone is on in the agent's list.
  await agent.getByRole('button', { name: '2 people' }).click();
  const row = agent.getByRole('listitem').filter({ hasText: 'Carl Customer' });
  await row.getByText('Microphone on').waitFor();
  await row.getByText('Camera off').waitFor();

  await withBystander(walk, nadia, meetingId, async () => {
    await Promise.all([walk.sees(agent, 2), walk.sees(customer, 2)]);
    await agentIsToldInTheCall(agent, (device) => `The browser may not use your ${device}.`);
    await looksRight(agent, 'a refused device in the call');
    await customer.getByRole('button', { name: 'Turn camera on' }).click();
    await customer.getByRole('alert').getByText('Your browser does not let this page use the camera.').waitFor();
    await looksRight(customer, "the customer's refused device in the call");
  });
});

// acceptance: 8, 14
check('missing: neither has a camera or a microphone', async (walk) => {
  const browser = await another('none');
  const nils = await walk.agent('Nils Nothing');
  const at = { browser, origin: local(walk) };
  const pair = await inChat(walk, nils, { agent: at, customer: at });
  const { agent, customer } = pair;
  const meetingId = await openCall(pair);
  await agent.getByText('No camera was found.').waitFor();
  await agent.getByText('No microphone was found.').waitFor();
  await looksRight(agent, "agent's devices, missing");

  await agentJoins(agent);
  await joinInvitation(customer).click();
  await customer.getByRole('alert').getByText('No microphone was found. Connect one, or join to watch and listen.').waitFor();
  await customer.getByRole('switch', { name: 'Show my camera' }).check();
  await customer.getByRole('alert').getByText('No camera was found. Connect one, or join without a picture.').waitFor();
  await looksRight(customer, "customer's devices, missing");
  await customer.getByRole('button', { name: 'Join to watch and listen' }).click();

  await withBystander(walk, nils, meetingId, async () => {
    await Promise.all([walk.sees(agent, 2), walk.sees(customer, 2)]);
    await agentIsToldInTheCall(agent, (device) => `No ${device} was found.`);
    await customer.getByRole('button', { name: 'Unmute' }).click();
    await customer.getByRole('alert').getByText('No microphone was found.').waitFor();
  });
});

check('without TLS: the page says why there are no devices, and one can watch', async (walk) => {
  const ingo = await walk.agent('Ingo Insecure');
  const pair = await inChat(walk, ingo, { agent: { origin: local(walk) }, customer: { origin: insecure(walk) } });
  const { agent, customer } = pair;
  await openCall(pair);
  await agent.getByLabel('Your camera').waitFor();
  await agentJoins(agent);
  await joinInvitation(customer).click();
  await customer.getByRole('alert').getByText('This page was not opened over a secure connection (https)').waitFor();
  await looksRight(customer, "customer's devices without TLS");
  await customer.getByRole('button', { name: 'Join to watch and listen' }).click();
  await walk.sees(customer, 0);

  const other = await walk.agent('Inga Insecure');
  const alone = await atDesk(walk, other, { origin: insecure(walk) });
  await alone.getByRole('button', { name: 'Open a meeting' }).click();
  await alone.getByRole('dialog').getByLabel('Meeting id').fill('alone-without-tls');
  await alone.getByRole('dialog').getByRole('button', { name: 'Start video' }).click();
  await alone.getByText('On this address the browser gives no microphone.').waitFor();
  await alone.getByText('On this address the browser gives no camera.').waitFor();
  await looksRight(alone, "agent's devices without TLS");
  await agentJoins(alone);
  await alone.getByText('You are alone in this call').waitFor();
  await looksRight(alone, 'alone in a call');
}, { expected: /Cross-Origin-Opener-Policy header has been ignored/ });
