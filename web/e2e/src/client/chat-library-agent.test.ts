// Both sides of a chat by the vendor's chat library, unmodified, in Chromium, each on a page of another origin: the customer as
// everywhere, the agent with a connection token of our interface and our event socket in the place of the vendor's panel.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { build } from 'vite';

import { Browsers, type TestPage } from '../support/browsers.ts';
import { Evidence } from '../support/evidence.ts';
import { StaticServer } from '../support/static-server.ts';
import { Upcall } from '../support/upcall.ts';
import { until } from '../support/wait.ts';

const library = createRequire(import.meta.url).resolve('amazon-connect-chatjs');
const browsers = new Browsers();
after(() => browsers.close());

interface Item {
  Id: string;
  Type: string;
  ContentType: string;
  Content?: string;
  ParticipantRole?: string;
  Attachments?: { AttachmentId: string; AttachmentName: string; Status: string }[];
}
interface Seen {
  items: Item[];
  established: number;
  ended: number;
  typing: number;
  read: string[];
  lost: number;
  broken: number;
}
interface Session {
  connect(): Promise<{ connectSuccess: boolean }>;
  sendMessage(o: { contentType: string; message: string }): Promise<{ data: { Id: string } }>;
  sendEvent(o: { contentType: string; content?: string }): Promise<unknown>;
  sendAttachment(o: { attachment: File }): Promise<unknown>;
  downloadAttachment(o: { attachmentId: string }): Promise<Blob>;
  getTranscript(o: object): Promise<{ data: { Transcript: Item[] } }>;
  onMessage(f: (e: { data: Item }) => void): void;
  onTyping(f: () => void): void;
  onReadReceipt(f: (e: { data: { MessageMetadata?: { MessageId?: string } } }) => void): void;
  onConnectionEstablished(f: () => void): void;
  onConnectionLost(f: () => void): void;
  onConnectionBroken(f: () => void): void;
  onEnded(f: () => void): void;
}
declare const connect: { ChatSession: { setGlobalConfig(o: object): void; create(o: object): Session; LogLevel: { WARN: number } } };
declare const window: {
  seen: Seen;
  session: Session;
  token: string;
  watch(session: Session): Seen;
  upcallChats: { chatLibrarySockets(o: { token: () => Promise<string>; url: string }): object };
};

// What both pages note of their session.
const watchScript = `window.watch = (session) => {
  const seen = { items: [], established: 0, ended: 0, typing: 0, read: [], lost: 0, broken: 0 };
  session.onMessage(({ data }) => seen.items.push(data));
  session.onTyping(() => ++seen.typing);
  session.onReadReceipt(({ data }) => seen.read.push(data.MessageMetadata?.MessageId ?? ''));
  session.onConnectionEstablished(() => ++seen.established);
  session.onConnectionLost(() => ++seen.lost);
  session.onConnectionBroken(() => ++seen.broken);
  session.onEnded(() => ++seen.ended);
  return seen;
};`;

const READ = 'application/vnd.amazonaws.connect.event.message.read';
const seenBy = (page: TestPage): Promise<Seen> => page.evaluate(() => window.seen, null);
const say = (page: TestPage, message: string): Promise<string> =>
  page.evaluate(async (text) => (await window.session.sendMessage({ contentType: 'text/plain', message: text })).data.Id, message);

test('a whole chat, the agent by the vendor\'s chat library too', { timeout: 120_000 }, async () => {
  const evidence = new Evidence('chat library of agents');
  const folder = mkdtempSync(join(tmpdir(), 'upcall-chat-'));
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      lib: { entry: resolve(import.meta.dirname, '../../../agent-app/src/centre/chat-library.ts'), name: 'upcallChats', formats: ['iife'], fileName: () => 'sockets.js' },
      outDir: folder,
      emptyOutDir: false,
    },
  });
  writeFileSync(join(folder, 'watch.js'), watchScript);
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>chat</title><link rel="icon" href="data:,"><script src="chat.js"></script><script src="sockets.js"></script><script src="watch.js"></script>');
  const desk = await StaticServer.start(folder, { '/chat.js': library });
  const shop = await StaticServer.start(folder, { '/chat.js': library });
  const server = await Upcall.start(evidence);
  const customer = await browsers.page('chromium');
  const agent = await browsers.page('chromium', 1);
  let good = false;
  try {
    const user = await server.addUser('Ann', ['Agent'], 'North');
    await server.admin('configure', `--website-api-allowed-origins=${new URL(shop.url).origin}`, `--agent-api-allowed-origins=${new URL(desk.url).origin}`);
    const instance = await server.admin<{ defaultContactFlowId: string }>('instance', 'show');

    await customer.goto(shop.url);
    const chat = await customer.evaluate(
      async ({ url, flow, email }) => {
        const body = JSON.stringify({ ContactFlowId: flow, ParticipantDetails: { DisplayName: 'Kim' }, Attributes: { customerEmailAddress: email } });
        const answer = await fetch(`${url}/api/chat/start`, { method: 'POST', body });
        const chatDetails = ((await answer.json()) as { data: { startChatResult: { ContactId: string } } }).data.startChatResult;
        connect.ChatSession.setGlobalConfig({ endpoint: `${url}/aws/participant`, loggerConfig: { level: connect.ChatSession.LogLevel.WARN } });
        window.session = connect.ChatSession.create({ chatDetails, type: 'CUSTOMER', disableCSM: true, options: { region: 'us-east-1' } });
        window.seen = window.watch(window.session);
        if (!(await window.session.connect()).connectSuccess) throw new Error('the customer did not connect');
        return chatDetails;
      },
      { url: server.url, flow: instance.defaultContactFlowId, email: user.username },
    );

    // Its socket is there when the place in line comes; before that it would miss who joins.
    await until('the customer is told the place', async () => (await seenBy(customer)).items.some((i) => i.ContentType.endsWith('queue.position')));

    // The agent's page: logs in, becomes available, accepts; then the library has the chat.
    await agent.goto(desk.url);
    const accepted = await agent.evaluate(
      async ({ url, username, password, contactId }) => {
        const form = new URLSearchParams({ grant_type: 'password', username, password });
        const tokens = (await (await fetch(`${url}/oauth2/token`, { method: 'POST', body: form })).json()) as { access_token: string };
        window.token = tokens.access_token;
        const ask = (method: string, path: string, body?: object): Promise<Response> =>
          fetch(url + path, { method, headers: { authorization: `Bearer ${window.token}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
        const sockets = window.upcallChats.chatLibrarySockets({ token: () => Promise.resolve(window.token), url: `${url.replace(/^http/, 'ws')}/api/agent/events` });
        await ask('PUT', '/api/agent/status', { status: 'available' });
        let status = 0;
        for (const until = performance.now() + 20_000; status !== 200 && performance.now() < until; ) {
          status = (await ask('POST', `/api/agent/contacts/${contactId}/accept`)).status;
          if (status !== 200) await new Promise((done) => setTimeout(done, 100));
        }
        if (status !== 200) return { status, tokens: 0 };
        let tokensFetched = 0;
        const connection = async (): Promise<{ participantId: string; connectionToken: string; expiry: string }> => {
          ++tokensFetched;
          return ((await (await ask('POST', `/api/agent/contacts/${contactId}/connection`)).json()) as { data: { participantId: string; connectionToken: string; expiry: string } }).data;
        };
        const first = await connection();
        connect.ChatSession.setGlobalConfig({ endpoint: `${url}/aws/participant`, loggerConfig: { level: connect.ChatSession.LogLevel.WARN } });
        window.session = connect.ChatSession.create({
          type: 'AGENT',
          options: { region: 'us-east-1' },
          websocketManager: sockets,
          chatDetails: {
            contactId,
            participantId: first.participantId,
            participantToken: first.connectionToken,
            getConnectionToken: async () => {
              const { connectionToken, expiry } = await connection();
              return { chatTokenTransport: { participantToken: connectionToken, expiry } };
            },
          },
        });
        window.seen = window.watch(window.session);
        if (!(await window.session.connect()).connectSuccess) throw new Error('the agent did not connect');
        return { status, tokens: tokensFetched };
      },
      { url: server.url, ...user, contactId: chat.ContactId },
    );
    assert.deepEqual(accepted, { status: 200, tokens: 2 }, 'the library asked for its own token');
    await until('both call the connection established', async () => (await seenBy(agent)).established > 0 && (await seenBy(customer)).established > 0);
    await until('the customer sees the agent', async () => (await seenBy(customer)).items.some((i) => i.ContentType.endsWith('participant.joined') && i.ParticipantRole === 'AGENT'));

    const asked = await say(customer, 'Is it still there?');
    await until('the agent reads it', async () => (await seenBy(agent)).items.some((i) => i.Id === asked && i.ParticipantRole === 'CUSTOMER'));
    await agent.evaluate(async (messageId) => {
      await window.session.sendEvent({ contentType: 'application/vnd.amazonaws.connect.event.typing' });
      await window.session.sendEvent({ contentType: 'application/vnd.amazonaws.connect.event.message.read', content: JSON.stringify({ messageId }) });
    }, asked);
    const answered = await say(agent, 'Yes, it is.');
    await until('the customer reads it, the typing and the receipt', async () => {
      const seen = await seenBy(customer);
      return seen.items.some((i) => i.Id === answered) && seen.typing > 0 && seen.read.includes(asked);
    });
    await customer.evaluate((o) => window.session.sendEvent({ contentType: o.READ, content: JSON.stringify({ messageId: o.answered }) }), { READ, answered });
    await until('the agent is told that it was read', async () => (await seenBy(agent)).read.includes(answered));
    await until('the agent has the own message back, by the id of the answer', async () => (await seenBy(agent)).items.some((i) => i.Id === answered));

    // A file from the agent.
    await agent.evaluate(async () => void (await window.session.sendAttachment({ attachment: new File(['what it says'], 'offer.txt', { type: 'text/plain' }) })), null);
    const file = await until('the customer sees the file', async () => {
      const item = (await seenBy(customer)).items.findLast((i) => i.Type === 'ATTACHMENT' && i.Attachments?.[0]?.Status === 'APPROVED');
      return item?.Attachments?.[0] ?? null;
    });
    assert.equal(await customer.evaluate(async (attachmentId) => (await window.session.downloadAttachment({ attachmentId })).text(), file.AttachmentId), 'what it says');

    const transcript = await agent.evaluate(
      async () => (await window.session.getTranscript({ maxResults: 100, scanDirection: 'BACKWARD', sortOrder: 'ASCENDING', startPosition: {} })).data.Transcript,
      null,
    );
    assert.deepEqual(transcript.filter((i) => i.Type === 'MESSAGE' && i.ParticipantRole !== 'SYSTEM').map((i) => i.Content), ['Is it still there?', 'Yes, it is.']);

    // Leaving is the panel's: by the agents' interface.
    const status = await agent.evaluate(
      async ({ url, contactId }) => (await fetch(`${url}/api/agent/contacts/${contactId}/end`, { method: 'POST', headers: { authorization: `Bearer ${window.token}` } })).status,
      { url: server.url, contactId: chat.ContactId },
    );
    assert.equal(status, 200);
    await until('both know the end', async () => (await seenBy(agent)).ended > 0 && (await seenBy(customer)).ended > 0);
    for (const page of [agent, customer]) {
      const seen = await seenBy(page);
      const ids = seen.items.filter((i) => i.Type === 'MESSAGE').map((i) => i.Id);
      assert.equal(new Set(ids).size, ids.length, 'no message came twice');
      assert.equal(seen.broken, 0);
    }
    good = true;
  } finally {
    if (!good) {
      for (const [name, page] of Object.entries({ agent, customer })) writeFileSync(join(evidence.directory, `${name}.txt`), page.console.join('\n'));
      console.error(agent.problems.slice(-8).join('\n'), customer.problems.slice(-8).join('\n'), readFileSync(join(evidence.directory, 'server.log'), 'utf8').slice(-400));
    }
    await agent.close();
    await customer.close();
    await server.stop();
    await desk.stop();
    await shop.stop();
    if (good) evidence.discard();
    else await evidence.keep();
  }
});
