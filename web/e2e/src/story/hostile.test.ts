// Names and texts that are code somewhere, through the real server onto the real pages: there they are text.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

import { HOSTILE_STRINGS } from '../../../shared/src/testing/hostile-strings.ts';
import { Api } from '../support/api.ts';
import { Bystander } from '../support/bystander.ts';
import { guard, textsIn, watchForScripts } from '../support/hostile.ts';
import { until } from '../support/wait.ts';
import { agentJoins, becomeAvailable, customerAsks, customerJoins, joinInvitation, messageBox, openCall, seeEachOther, storedFilm } from './steps.ts';
import { suite } from './suite.ts';
import type { Login, Walk } from './walk.ts';

const check = suite('hostile');

const AGENT = 'Hanna <img src=x onerror=alert(1)>';
const CUSTOMER = '"><script>alert(1)</script>';
// Beside the customer in the agent's list, and beside both in the call.
const WAITING = ['<svg onload=alert(1)>', '{{name}}', '$t(chat.send)', '\u202eevil\u202c', '__proto__', 'Z\u0351\u036b\u0343A\u036bL\u0489G\u0334O', '[object Object]'];
const ATTENDEES = ['</style><script>alert(1)</script>', '%s%n', '\' onmouseover=\'alert(1)', 'W'.repeat(256)];

async function busyAgent(walk: Walk): Promise<Login> {
  const { queues } = await walk.server.admin<{ queues: { name: string }[] }>('queue', 'list');
  await walk.server.admin('routing-profile', 'add', '--name', 'Ten at once', '--queue', queues[0]?.name ?? '', '--slots', '10');
  return walk.server.addUser(AGENT, ['Agent'], 'Demo/Team', 'hanna', ['--routing-profile', 'Ten at once']);
}

/** One after the other, as fast as the server takes them; what it refuses is left out. */
async function sendAll(texts: readonly string[], send: (text: string) => Promise<number>): Promise<string[]> {
  const taken: string[] = [];
  for (const text of texts) {
    const status = await until('the server takes the next message', async () => {
      const answer = await send(text);
      return answer === 429 ? false : answer;
    });
    if (status === 200) taken.push(text);
    else assert.equal(status, 400, `${text} was answered with ${status}`);
  }
  return taken;
}

async function customerSends(walk: Walk, customer: Page): Promise<(text: string) => Promise<number>> {
  const token = await customer.evaluate(() => (JSON.parse(sessionStorage.getItem('upcall.chat') ?? '{}') as { participantToken: string }).participantToken);
  const post = (operation: string, bearer: string, body: object): Promise<Response> =>
    fetch(`${walk.server.url}/aws/participant/participant/${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-amz-bearer': bearer },
      body: JSON.stringify(body),
    });
  const connected = (await (await post('connection', token, { Type: ['CONNECTION_CREDENTIALS'] })).json()) as {
    ConnectionCredentials: { ConnectionToken: string };
  };
  const { ConnectionToken } = connected.ConnectionCredentials;
  return async (text) => (await post('message', ConnectionToken, { ContentType: 'text/plain', Content: text })).status;
}

async function othersAsk(walk: Walk, api: Api, email: string): Promise<void> {
  const script = await (await fetch(`${walk.server.url}/frontend-config.js`)).text();
  const flow = /connectDefaultContactFlowId"?\s*:\s*"([^"]+)"/.exec(script)?.[1];
  for (const DisplayName of WAITING) {
    const { startChatResult } = await api.ok<{ startChatResult: { ContactId: string } }>('POST', '/api/chat/start', {
      ContactFlowId: flow,
      ParticipantDetails: { DisplayName },
      Attributes: { customerName: DisplayName, customerEmailAddress: email, videoVendorName: DisplayName },
    });
    await until('the contact is offered and taken', async () =>
      (await api.call('POST', `/api/agent/contacts/${startChatResult.ContactId}/accept`)).status === 200);
  }
}

check('two hundred hostile strings are text in chat, contact list, call and playlist', async (walk) => {
  const hanna = await busyAgent(walk);
  const api = new Api(walk.server.url);
  await api.logIn(hanna);
  const agent = await walk.window('/', { participant: 0, script: watchForScripts });
  const agentGuard = guard(agent, walk.server.url);
  await walk.logIn(agent, hanna);
  await becomeAvailable(agent);
  const customer = await customerAsks(walk, hanna.username, CUSTOMER, { script: watchForScripts });
  const customerGuard = guard(customer, walk.server.url);
  await agent.getByRole('button', { name: `Accept ${CUSTOMER}` }).first().click();
  await messageBox(agent).waitFor();
  await customer.getByRole('status').getByText(`You are talking to ${AGENT}`).waitFor();
  assert.deepEqual(await textsIn(agent, '.chat__who h2'), [CUSTOMER]);
  await customer.getByText(`${AGENT} joined the conversation`).waitFor();

  const contactId = (await api.ok<{ contacts: { contactId: string }[] }>('GET', '/api/agent/state')).contacts[0]?.contactId ?? '';
  const half = HOSTILE_STRINGS.length / 2;
  const [fromAgent, fromCustomer] = await Promise.all([
    sendAll(HOSTILE_STRINGS.slice(0, half), async (content) =>
      (await api.call('POST', `/api/agent/contacts/${contactId}/items`, { content })).status),
    sendAll(HOSTILE_STRINGS.slice(half), await customerSends(walk, customer)),
  ]);
  assert.ok(fromAgent.length + fromCustomer.length > 190, 'the server takes texts as they are');
  const sorted = (texts: string[]): string[] => texts.toSorted();
  for (const [page, own, other] of [[agent, fromAgent, fromCustomer], [customer, fromCustomer, fromAgent]] as const) {
    for (const [side, texts] of [['own', own], ['other', other]] as const) {
      const selector = `.message--${side} .message__text`;
      await until(`all of ${side} are shown`, async () => (await page.locator(selector).count()) >= texts.length, { seen: () => page.locator(selector).count() });
      assert.deepEqual(sorted(await textsIn(page, selector)), sorted(texts));
    }
  }
  await Promise.all([agentGuard.fine(), customerGuard.fine()]);

  await othersAsk(walk, api, hanna.username);
  await until('all contacts are in the list', async () => (await agent.locator('.contact-row').count()) === WAITING.length + 1);
  assert.deepEqual(sorted(await textsIn(agent, '.contact-row__name')), sorted([CUSTOMER, ...WAITING]));
  await agent.locator('.contact-row__main').filter({ hasText: CUSTOMER }).click();
  await agentGuard.fine();

  const meetingId = await openCall({ agent, customer });
  await customer.getByRole('heading', { name: `${AGENT} invites you to a video call` }).waitFor();
  await agentJoins(agent);
  await joinInvitation(customer).click();
  await customerJoins(customer);
  await seeEachOther(walk, { agent, customer });
  const { run, clockZero } = walk;
  const more = await Promise.all(ATTENDEES.map((name, i) =>
    Bystander.join({ url: walk.server.url, owner: hanna, meetingId, name, run, clockZero, participant: 2 + i, video: false })));
  try {
    const inCall = [AGENT, CUSTOMER, ...ATTENDEES];
    await agent.getByRole('button', { name: /^\d people$/ }).click();
    for (const name of inCall) await agent.locator('.roster__name').filter({ hasText: name }).first().waitFor();
    assert.equal(await agent.locator('.roster__row').count(), inCall.length);
    for (const name of [CUSTOMER, ...ATTENDEES]) await agent.locator('.tile__plate').filter({ hasText: name }).first().waitFor();
    for (const name of [AGENT, ...ATTENDEES]) await customer.locator('.tile__name').filter({ hasText: name }).first().waitFor();
    await Promise.all([agentGuard.fine(), customerGuard.fine()]);
  } finally {
    await Promise.all(more.map((one) => one.leave()));
  }
  await agent.getByRole('button', { name: 'Record', exact: true }).click();
  await agent.getByRole('status').getByText('Recording', { exact: true }).waitFor();
  await agent.getByRole('button', { name: 'Stop recording' }).click();
  await agent.getByRole('button', { name: 'Record', exact: true }).waitFor();

  const supervisor = await walk.window(`/recording/${meetingId}`, { script: watchForScripts });
  const supervisorGuard = guard(supervisor, walk.server.url);
  await walk.logIn(supervisor, walk.people.sam);
  await storedFilm(supervisor, 90);
  await supervisorGuard.fine();
}, { seconds: 240 });

check('a hostile e-mail address of an invited caller, a hostile address of a page', async (walk) => {
  const email = '"><img/src/onerror=alert(1)>{{time}}@example.com';
  const agent = await walk.window('/', { script: watchForScripts });
  const agentGuard = guard(agent, walk.server.url);
  await walk.logIn(agent, walk.people.alice);
  await agent.getByRole('button', { name: 'Invite a caller' }).click();
  await agent.getByLabel("The customer's e-mail").fill(email);
  await agent.getByRole('button', { name: 'Create a reference' }).click();
  await agent.getByText(`For ${email}, once, until`).waitFor();
  const link = await agent.locator('output').innerText();
  await agentGuard.fine();
  const customer = await walk.window(link.slice(walk.server.url.length), { script: watchForScripts });
  const customerGuard = guard(customer, walk.server.url);
  await customer.getByLabel('Your e-mail address').waitFor();
  assert.equal(await customer.getByLabel('Your e-mail address').inputValue(), email);
  await customerGuard.fine();

  const supervisor = await walk.window('/', { script: watchForScripts });
  const supervisorGuard = guard(supervisor, walk.server.url);
  await walk.logIn(supervisor, walk.people.sam);
  for (const id of ['<img src=x onerror=alert(1)>', 'javascript:alert(1)', '{{id}}', '$t(chat.send)', '\u202eevil\u202c']) {
    await supervisor.getByLabel('Meeting id').fill(id);
    await supervisor.getByRole('button', { name: 'Open' }).click();
    const told = supervisor.locator('p').filter({ hasText: 'There are no recordings of the meeting' });
    // Where it has a direction of its own, between signs that keep it to itself.
    const words = async (): Promise<string> => ((await told.textContent()) ?? '').replaceAll(/[\u2068\u2069]/g, '');
    await until(`${id} is told`, async () => (await words()) === `There are no recordings of the meeting ${id}, or they were deleted.`, { seen: words });
    await supervisorGuard.fine();
    await supervisor.getByRole('link', { name: 'Upcall, to the desk' }).click();
  }
}, { expected: /40[034]/ });
