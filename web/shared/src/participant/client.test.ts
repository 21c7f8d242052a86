import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ParticipantClient } from './client';
import { ContentType } from './types';
import { FakeServer } from './fake-server';

let server: FakeServer;
let client: ParticipantClient;

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  vi.stubGlobal('fetch', server.fetch);
  client = new ParticipantClient({
    baseUrl: 'http://test',
    credentials: { contactId: 'c', participantId: 'me', participantToken: 'pt' },
    makeSocket: server.makeSocket,
  });
});

afterEach(() => {
  client.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function online(): Promise<void> {
  client.start();
  await settle();
  expect(client.state.connection).toBe('online');
}

const texts = () => client.state.items.map((item) => item.Content ?? item.ContentType);

describe('a customer\'s chat', () => {
  // acceptance: 5
  it('connects, subscribes and shows what was said before', async () => {
    server.say('welcome');
    await online();
    expect(texts()).toEqual(['welcome']);
    expect(server.sockets[0]!.sent[0]).toEqual({ topic: 'aws/subscribe', content: { topics: ['aws/chat'] } });
  });

  it('shows what the socket brings once, however often it is repeated', async () => {
    await online();
    const item = server.say('hello');
    server.push(item);
    server.push(item);
    expect(texts()).toEqual(['hello']);
  });

  it('fills the gap after a loss, from the transcript, in order', async () => {
    server.say('one');
    await online();
    server.push(server.say('two'));
    server.dropSockets();
    expect(client.state.connection).toBe('offline');
    for (let i = 0; i < 130; ++i) server.say(`missed ${i}`);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(client.state.connection).toBe('online');
    expect(texts()).toEqual(['one', 'two', ...Array.from({ length: 130 }, (_, i) => `missed ${i}`)]);
  });

  it('tries again with growing waits while the network is away', async () => {
    await online();
    server.down = true;
    server.dropSockets();
    const before = server.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    const tries = server.calls.length - before;
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(10);
    server.down = false;
    await vi.advanceTimersByTimeAsync(40_000);
    expect(client.state.connection).toBe('online');
  });

  it('notices a dead socket by the missing heartbeat', async () => {
    await online();
    server.sockets[0]!.mute = true;
    await vi.advanceTimersByTimeAsync(24_000);
    expect(server.sockets.length).toBe(2);
    expect(client.state.connection).toBe('online');
  });

  it('sends in order and shows each message once, whichever of answer and socket comes first', async () => {
    await online();
    server.echo = true;
    client.send('ok');
    client.send('ok');
    client.send('third');
    await settle();
    expect(texts()).toEqual(['ok', 'ok', 'third']);
    expect(client.state.pending).toEqual([]);
  });

  // acceptance: 5
  it('keeps a message that failed and sends it again with the same token', async () => {
    await online();
    server.failNext('message', 500);
    client.send('important');
    await settle();
    expect(client.state.pending).toMatchObject([{ text: 'important', status: 'failed', failure: 'server' }]);
    const token = client.state.pending[0]!.clientToken;
    client.retry(token);
    await settle();
    expect(client.state.pending).toEqual([]);
    expect(server.clientTokens).toEqual([token, token]);
    expect(texts()).toEqual(['important']);
  });

  it('a message whose answer was lost stands once after the line is back', async () => {
    await online();
    server.loseNextAnswer('message');
    client.send('maybe');
    await settle();
    expect(client.state.pending[0]!.failure).toBe('network');
    server.dropSockets();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(texts()).toEqual(['maybe']);
    expect(client.state.pending).toEqual([]);
  });

  it('renews a connection token that is no longer taken', async () => {
    await online();
    server.expireConnectionTokens();
    client.send('still here');
    await settle();
    expect(texts()).toEqual(['still here']);
  });

  // acceptance: 5
  it('loads older messages page by page', async () => {
    for (let i = 0; i < 70; ++i) server.say(`m${i}`);
    await online();
    expect(client.state.items.length).toBe(50);
    expect(client.state.hasOlder).toBe(true);
    await client.loadOlder();
    expect(texts()).toEqual(Array.from({ length: 70 }, (_, i) => `m${i}`));
    expect(client.state.hasOlder).toBe(false);
  });

  // acceptance: 5
  it('tells typing at most once in ten seconds and shows the other\'s for a while', async () => {
    await online();
    client.typing();
    client.typing();
    await settle();
    expect(server.events).toEqual([ContentType.typing]);
    server.push(server.transient(ContentType.typing, undefined, 'AGENT', 'Alice'));
    expect(client.state.typing).toBe('Alice');
    await vi.advanceTimersByTimeAsync(13_000);
    expect(client.state.typing).toBeNull();
  });

  it('knows its place in the queue until an agent joins', async () => {
    await online();
    server.push(server.transient(ContentType.queuePosition, '{"position":2,"queueLength":5}'));
    expect(client.state.queue).toEqual({ position: 2, length: 5 });
    server.push(server.add('EVENT', ContentType.joined, undefined, 'AGENT', 'Alice'));
    expect(client.state).toMatchObject({ queue: null, agent: 'Alice' });
    expect(texts()).toEqual([ContentType.joined]);
  });

  it('finds the invitation after a reload and acknowledges it once', async () => {
    const content = '{"invitationId":"i1","externalMeetingId":"m","attendeeExternalUserId":"u"}';
    server.add('EVENT', ContentType.invitation, content, 'AGENT', 'Alice');
    await online();
    expect(client.state.invitation).toEqual({ invitationId: 'i1', externalMeetingId: 'm', attendeeExternalUserId: 'u', from: 'Alice' });
    await Promise.all([client.acknowledge('i1'), client.acknowledge('i1')]);
    expect(server.events).toEqual([ContentType.invitationAcknowledged]);
  });

  it('a text that looks like the invitation is a text', async () => {
    await online();
    server.push(server.say('Automatic reply: agent started video session'));
    server.push(server.add('MESSAGE', ContentType.invitation, '{"invitationId":"x"}', 'AGENT', 'Eve'));
    expect(client.state.invitation).toBeNull();
  });

  // acceptance: 5, 13
  it('ends when the other side ends, and stays ended', async () => {
    await online();
    server.push(server.add('EVENT', ContentType.ended));
    expect(client.state.connection).toBe('ended');
    const before = server.calls.length;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.calls.length).toBe(before);
  });

  it('ends by itself', async () => {
    await online();
    await client.end();
    expect(client.state.connection).toBe('ended');
    expect(server.calls.at(-1)).toBe('disconnect');
  });

  it('a stored chat that is over is told apart from one that ends now', async () => {
    server.over = true;
    client.start();
    await settle();
    expect(client.state.connection).toBe('expired');
  });

  it('a chat that ended while the line was away is an ended one', async () => {
    await online();
    server.over = true;
    server.dropSockets();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(client.state.connection).toBe('ended');
  });

  it('survives frames that are not what they should be', async () => {
    await online();
    for (const frame of ['', '{', '[]', 'null', '{"topic":"aws/chat","content":"{"}', '{"topic":"aws/chat","content":"{\\"Id\\":7}"}', '{"topic":"nothing"}']) {
      server.sockets[0]!.deliver(frame);
    }
    expect(client.state.connection).toBe('online');
    expect(client.state.items).toEqual([]);
  });
});
