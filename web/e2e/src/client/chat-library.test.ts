// The vendor's chat library, unmodified, in Chromium, on a page of another origin: a whole chat as a customer, receipts, a
// lost connection, an attachment, and the end.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Api } from '../support/api.ts';
import { Browsers } from '../support/browsers.ts';
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
}

interface Session {
  connect(): Promise<{ connectCalled: boolean; connectSuccess: boolean }>;
  sendMessage(o: { contentType: string; message: string }): Promise<{ data: { Id: string } }>;
  sendEvent(o: { contentType: string; content?: string }): Promise<unknown>;
  sendAttachment(o: { attachment: File }): Promise<unknown>;
  downloadAttachment(o: { attachmentId: string }): Promise<Blob>;
  getTranscript(o: object): Promise<{ data: { Transcript: Item[] } }>;
  disconnectParticipant(): Promise<unknown>;
  onMessage(f: (e: { data: Item }) => void): void;
  onTyping(f: () => void): void;
  onReadReceipt(f: (e: { data: { MessageMetadata?: { MessageId?: string } } }) => void): void;
  onConnectionEstablished(f: () => void): void;
  onConnectionLost(f: () => void): void;
  onEnded(f: () => void): void;
}

declare const connect: {
  ChatSession: { setGlobalConfig(o: object): void; create(o: object): Session; LogLevel: { WARN: number } };
};
declare const window: { seen: Seen; session: Session };

test('a whole chat with the vendor\'s chat library', { timeout: 90_000 }, async () => {
  const evidence = new Evidence('chat library');
  const page = await browsers.page('chromium');
  // The library's page: nothing in it but the library.
  const folder = mkdtempSync(join(tmpdir(), 'upcall-chat-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>chat</title><script src="chat.js"></script>');
  const pages = await StaticServer.start(folder, { '/chat.js': library });
  const server = await Upcall.start(evidence);
  let good = false;
  try {
    const origin = new URL(pages.url).origin;
    await server.admin('configure', `--website-api-allowed-origins=${origin}`);
    const api = new Api(server.url);
    const user = await server.addUser('Ann', ['Agent'], 'North');
    await api.logIn(user);
    await api.ok('PUT', '/api/agent/status', { status: 'available' });
    const instance = await server.admin<{ instanceId: string; defaultContactFlowId: string }>('instance', 'show');

    await page.goto(pages.url);
    const chat = await page.evaluate(
      async ({ url, flow, email }) => {
        const answer = await fetch(`${url}/api/chat/start`, {
          method: 'POST',
          body: JSON.stringify({ ContactFlowId: flow, ParticipantDetails: { DisplayName: 'Kim' }, Attributes: { customerEmailAddress: email } }),
        });
        const chatDetails = ((await answer.json()) as { data: { startChatResult: object } }).data.startChatResult as { ContactId: string };
        connect.ChatSession.setGlobalConfig({ endpoint: `${url}/aws/participant`, loggerConfig: { level: connect.ChatSession.LogLevel.WARN } });
        const session = connect.ChatSession.create({ chatDetails, type: 'CUSTOMER', disableCSM: true, options: { region: 'us-east-1' } });
        const seen: Seen = { items: [], established: 0, ended: 0, typing: 0, read: [], lost: 0 };
        Object.assign(window, { seen, session });
        session.onMessage(({ data }) => seen.items.push(data));
        session.onTyping(() => ++seen.typing);
        session.onReadReceipt(({ data }) => seen.read.push(data.MessageMetadata?.MessageId ?? ''));
        session.onConnectionEstablished(() => ++seen.established);
        session.onConnectionLost(() => ++seen.lost);
        session.onEnded(() => ++seen.ended);
        const { connectSuccess } = await session.connect();
        if (!connectSuccess) throw new Error('the library did not connect');
        return chatDetails;
      },
      { url: server.url, flow: instance.defaultContactFlowId, email: user.username },
    );
    const seen = (): Promise<Seen> => page.evaluate(() => window.seen, null);
    await until('the library calls the connection established', async () => (await seen()).established > 0);
    // It does so before its socket is open, and what comes before that is in the transcript alone: the place in line is the first to come.
    await until('its socket is subscribed', async () => (await seen()).items.some((i) => i.ContentType.endsWith('queue.position')));

    // The agent, through our own interface.
    const offered = await until('the chat is offered', async () => {
      const state = await api.ok<{ contacts: { contactId: string; state: string }[] }>('GET', '/api/agent/state');
      return state.contacts.find((c) => c.contactId === chat.ContactId && c.state === 'connecting') ?? null;
    });
    const at = `/api/agent/contacts/${offered.contactId}`;
    await api.ok('POST', `${at}/accept`);
    await until('the agent has joined', async () =>
      (await seen()).items.some((i) => i.ContentType.endsWith('participant.joined') && i.ParticipantRole === 'AGENT'),
    );

    const sent = await page.evaluate(async () => (await window.session.sendMessage({ contentType: 'text/plain', message: 'Hello, is it still there?' })).data.Id, null);
    await until('the own message comes over the socket with the id of the answer', async () => (await seen()).items.some((i) => i.Id === sent));
    await api.ok('POST', `${at}/items`, { contentType: 'application/vnd.amazonaws.connect.event.typing', type: 'event' });
    await api.ok('POST', `${at}/items`, { content: 'Yes, it is.' });
    await until('the agent\'s words are there', async () => (await seen()).items.some((i) => i.Content === 'Yes, it is.'));
    await api.ok('POST', `${at}/items`, {
      contentType: 'application/vnd.amazonaws.connect.event.message.read',
      type: 'event',
      content: JSON.stringify({ messageId: sent }),
    });
    await until('the agent\'s receipt is told', async () => (await seen()).read.includes(sent));
    assert.ok((await seen()).typing > 0, 'typing was told');

    // A file: the browser puts it and gets it from the addresses that the interface gives.
    await page.evaluate(async () => {
      await window.session.sendAttachment({ attachment: new File(['what the receipt says'], 'receipt.txt', { type: 'text/plain' }) });
    }, null);
    const file = await until('the file is approved', async () => {
      const item = (await seen()).items.findLast((i) => i.Type === 'ATTACHMENT' && i.Attachments?.[0]?.Status === 'APPROVED');
      return item?.Attachments?.[0] ?? null;
    });
    assert.equal(file.AttachmentName, 'receipt.txt');
    const content = await page.evaluate(async (attachmentId) => (await window.session.downloadAttachment({ attachmentId })).text(), file.AttachmentId);
    assert.equal(content, 'what the receipt says');

    const transcript = await page.evaluate(
      async () =>
        (await window.session.getTranscript({ maxResults: 100, scanDirection: 'BACKWARD', sortOrder: 'ASCENDING', startPosition: {} })).data.Transcript,
      null,
    );
    const said = transcript.filter((i) => i.Type === 'MESSAGE' && i.ParticipantRole !== 'SYSTEM').map((i) => i.Content);
    assert.deepEqual(said, ['Hello, is it still there?', 'Yes, it is.']);

    await api.ok('POST', `${at}/end`);
    await until('the library knows the end', async () => (await seen()).ended > 0);
    const ids = (await seen()).items.filter((i) => i.Type === 'MESSAGE').map((i) => i.Id);
    assert.equal(new Set(ids).size, ids.length, 'no message came twice');
    assert.equal((await seen()).lost, 0);
    good = true;
  } finally {
    if (!good) {
      writeFileSync(join(evidence.directory, 'console.txt'), page.console.join('\n'));
      console.error(page.problems.slice(-12).join('\n'), readFileSync(join(evidence.directory, 'server.log'), 'utf8').slice(-600));
    }
    await page.close();
    await server.stop();
    await pages.stop();
    if (good) evidence.discard();
    else await evidence.keep();
  }
});
