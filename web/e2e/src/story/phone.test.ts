// The promise of `make run ARGS="--tls self-signed --listen 0.0.0.0:8443"`: a phone on the same network takes part. It is
// another host here, with a phone's browser, and reaches this machine by nothing but one address of their network.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Browser, devices } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { launchChromium } from '../support/browsers.ts';
import { OtherHost } from '../support/other-host.ts';
import { agentJoins, customerJoins, inChat, joinInvitation, openCall, say, seeEachOther, storedFilm } from './steps.ts';
import { suite } from './suite.ts';

const lacking = OtherHost.lacks();
let host: OtherHost | undefined;
let phone: Browser | undefined;
const directory = mkdtempSync(join(tmpdir(), 'upcall-phone-'));

const check = suite('phone', {
  skip: () => lacking,
  serve: async () => {
    host = OtherHost.begin(); // before the server: it looks for its addresses when it starts
    return { listen: '0.0.0.0:0', mediaAddress: 'auto', more: ['--tls', 'self-signed'] };
  },
});

after(async () => {
  await phone?.close();
  host?.end();
  rmSync(directory, { recursive: true, force: true });
});

check('a phone on this network: chat and call over HTTPS, pictures both ways', async (walk) => {
  const far = host as OtherHost;
  phone = await launchChromium({ executablePath: far.chromium(directory) });
  const { port } = new URL(walk.server.url);
  const local = `https://127.0.0.1:${port}`;
  const { defaultBrowserType: _, ...pixel } = devices['Pixel 7'] as (typeof devices)[string];
  // Whoever opens a page with a certificate that nobody vouches for is warned, and goes on.
  const context = { ignoreHTTPSErrors: true };
  const pair = await inChat(walk, await walk.agent('Petra Phone'), {
    agent: { origin: local, context },
    customer: { browser: phone, origin: `https://${far.address}:${port}`, context: { ...context, ...pixel } },
  });
  const { agent, customer } = pair;
  await say(customer, agent, 'I stand before the boiler.');
  await say(agent, customer, 'Can you show it?');
  const meetingId = await openCall(pair);
  await looksRight(customer, 'the invitation on a phone');
  await agentJoins(agent);
  await joinInvitation(customer).tap();
  await customerJoins(customer);
  await seeEachOther(walk, pair);
  await looksRight(customer, 'the call on a phone');
  await agent.getByRole('button', { name: 'Record', exact: true }).click();
  await agent.getByRole('status').getByText('Recording', { exact: true }).waitFor();
  await customer.getByRole('button', { name: 'Leave' }).tap();
  await customer.getByRole('heading', { name: 'You left the call' }).waitFor();
  await agent.getByRole('button', { name: 'Stop recording' }).click();
  await agent.getByRole('button', { name: 'Record', exact: true }).waitFor();

  // Whoever came in by another address finds the film at that one.
  const supervisor = await walk.window(`/recording/${meetingId}`, { origin: local, context });
  await walk.logIn(supervisor, walk.people.sam);
  const video = await storedFilm(supervisor, 60);
  assert.equal(new URL(await video.evaluate((v) => (v as HTMLVideoElement).currentSrc)).origin, local);
}, { seconds: 180 });
