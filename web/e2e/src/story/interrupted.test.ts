// What breaks beside the call: the agent's session, the agent's account, the server under a chat.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { freeTcpPort } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { inCall, inChat, messageBox, say, seeEachOther } from './steps.ts';
import { suite } from './suite.ts';
import type { Walk } from './walk.ts';

const check = suite('interrupted', { serve: async () => ({ listen: `127.0.0.1:${await freeTcpPort()}` }) });

/** Somebody else goes on with the refresh token: when it comes a second time the server ends the whole session. */
async function sessionIsOver(walk: Walk, agent: Page): Promise<void> {
  const token = await agent.evaluate(() => (JSON.parse(localStorage.getItem('upcall.session') ?? '{}') as { refresh: string }).refresh);
  const use = (refresh: string) =>
    fetch(`${walk.server.url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh }),
    });
  const first = await use(token);
  assert.equal(first.status, 200);
  // Until what it gave is used, the answer might have been lost.
  assert.equal((await use(((await first.json()) as { refresh_token: string }).refresh_token)).status, 200);
  assert.equal((await use(token)).status, 401);
}

/** The attendees' connections as the server has them: a reconnect would be another. */
async function connections(walk: Walk, meetingId: string): Promise<string[]> {
  return (await walk.server.meeting(meetingId)).connections.map((c) => c.attendeeId).sort();
}

check('a session that ends in mid-call: one logs in again, and the call was never away', async (walk) => {
  const sina = await walk.agent('Sina Session');
  const pair = await inCall(walk, sina);
  const { agent, customer, meetingId } = pair;
  const before = await connections(walk, meetingId);
  await sessionIsOver(walk, agent);
  // The first sign of typing is refused.
  await messageBox(agent).fill('Can you hear me?');
  await agent.getByRole('heading', { name: 'Your session has ended' }).waitFor();
  await walk.sees(customer, 0);
  await walk.sees(agent, 1); // behind the dialog
  await looksRight(agent, 'the session has ended');
  assert.equal(await agent.getByLabel('User name or e-mail').inputValue(), sina.username);
  await agent.getByLabel('Password').fill(sina.password);
  await agent.keyboard.press('Enter');
  await agent.getByRole('toolbar', { name: 'Call controls' }).waitFor();
  await seeEachOther(walk, pair);
  assert.deepEqual(await connections(walk, meetingId), before);
  assert.equal(await customer.getByText('left the call').count(), 0);
  assert.equal(await messageBox(agent).inputValue(), 'Can you hear me?', 'what was begun is still there');
  await messageBox(agent).press('Enter');
  await customer.getByText('Can you hear me?').waitFor();
  await say(customer, agent, 'I never lost you.');
}, { expected: /401|WebSocket/ });

// The page learns it in one of two ways, whichever comes first: the event socket's close, or the refusal of a request.
for (const first of ['the socket', 'a request'] as const) {
  check(`an account that is switched off in mid-call, told by ${first}: the call ends on its side, and it is told why`, async (walk) => {
    const olaf = await walk.agent(`Olaf Off by ${first}`);
    let hears4403 = false;
    let closed = (): void => undefined;
    const untilClosed = new Promise<void>((done) => (closed = done));
    const { agent, customer, meetingId } = await inCall(walk, olaf, {
      agent: {
        prepare: (context) =>
          context.routeWebSocket(/\/api\/agent\/events/, (page) => {
            const server = page.connectToServer();
            server.onClose((code, reason) => {
              if (first === 'a request') return; // and never of the close
              hears4403 ||= code === 4403;
              void page.close({ code: code ?? 1000, reason: reason ?? '' }).then(closed);
            });
          }),
      },
    });
    // The contact's end makes the page ask for the end of its meeting: that is the request.
    if (first === 'the socket') await agent.route(/\/(api|oauth2)\//, (request) => untilClosed.then(() => request.continue()));
    await walk.server.admin('user', 'disable', '--username', olaf.username);
    await agent.getByRole('heading', { name: 'Your account is switched off' }).waitFor();
    assert.equal(hears4403, first === 'the socket');
    await looksRight(agent, `an account that is switched off, told by ${first}`);
    await customer.getByRole('log').getByText('The conversation has ended').waitFor();
    await until('nobody is in the call', async () => (await connections(walk, meetingId).catch(() => [])).length === 0);
    assert.equal(await agent.getByLabel('User name or e-mail').inputValue(), olaf.username);
    await agent.getByLabel('Password').fill(olaf.password);
    await agent.keyboard.press('Enter');
    await agent.getByText('This account is switched off. Ask your administrator.').waitFor();
    await walk.server.admin('user', 'enable', '--username', olaf.username);
    await agent.getByLabel('Password').fill(olaf.password);
    await agent.keyboard.press('Enter');
    await agent.getByRole('heading', { name: 'This call is not running' }).waitFor();
  }, { expected: /401|WebSocket/ });
}

/** Each text once, in this order. */
async function shows(list: Locator, texts: string[]): Promise<void> {
  const seen = async (): Promise<string[]> => (await list.allInnerTexts()).map((text) => text.trim());
  await until(`the chat shows ${texts.join(' / ')}`, async () => JSON.stringify(await seen()) === JSON.stringify(texts), { seconds: 60, seen });
}

check('the server goes while people write: the chat catches up, nothing is lost or doubled', async (walk) => {
  const { agent, customer } = await inChat(walk, await walk.agent('Sven Server'));
  const ofAgent = agent.getByRole('log').locator('.message__text');
  const ofCustomer = customer.getByRole('log').locator('.message__text');
  await say(customer, agent, 'one');
  await say(agent, customer, 'two');
  const welcome = (await ofCustomer.allInnerTexts()).filter((text) => text !== 'one' && text !== 'two');

  // At the moment at which it goes: it may have taken the message, or not.
  await messageBox(customer).fill('three');
  await messageBox(customer).press('Enter');
  await walk.server.kill();
  await messageBox(customer).fill('four');
  await messageBox(customer).press('Enter');
  await messageBox(agent).fill('five');
  await messageBox(agent).press('Enter');
  await agent.getByText('Not sent.').waitFor();
  await agent.getByRole('status').filter({ hasText: 'No connection. Trying again…' }).waitFor();
  await customer.getByRole('status').getByText('No connection. We keep trying').waitFor();
  await looksRight(agent, "the agent's chat without a server");
  await looksRight(customer, "the customer's chat without a server");

  await walk.server.startAgain();
  await agent.getByText('No connection. Trying again…').waitFor({ state: 'detached', timeout: 60_000 });
  await customer.getByText('No connection. We keep trying').waitFor({ state: 'detached', timeout: 60_000 });
  // The customer's messages go by themselves; the agent, who may have changed their mind, is asked.
  await agent.getByRole('log').getByText('four').waitFor();
  await agent.getByRole('button', { name: 'Send again' }).click();
  await customer.getByRole('log').getByText('five').waitFor();
  await say(customer, agent, 'six');
  await shows(ofCustomer, [...welcome, 'one', 'two', 'three', 'four', 'five', 'six']);
  await shows(ofAgent, [...welcome, 'one', 'two', 'three', 'four', 'five', 'six']);
}, { expected: /ERR_|WebSocket/ });
