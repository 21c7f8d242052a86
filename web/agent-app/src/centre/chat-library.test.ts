import { expect, test, vi } from 'vitest';
import { chatLibrarySockets } from './chat-library';

class FakeSocket extends EventTarget {
  sent: string[] = [];
  send(text: string): void {
    this.sent.push(text);
  }
  close(code = 1000): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
  say(frame: object): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(frame) }));
  }
}

async function begin(): Promise<{ sockets: FakeSocket[]; manager: ReturnType<typeof chatLibrarySockets> }> {
  const sockets: FakeSocket[] = [];
  const manager = chatLibrarySockets({
    url: 'ws://server/api/agent/events',
    token: () => Promise.resolve('t'),
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  });
  await vi.waitFor(() => expect(sockets).toHaveLength(1));
  return { sockets, manager };
}

test('items come as the library reads them: a text that holds JSON, with the contact’s ids', async () => {
  const { sockets, manager } = await begin();
  const frames: { content: string }[] = [];
  manager.onMessage('aws/chat', (frame) => frames.push(frame as { content: string }));
  const other = vi.fn();
  manager.onMessage('aws/other', other);
  sockets[0]?.dispatchEvent(new Event('open'));
  sockets[0]?.say({ seq: 1, type: 'snapshot', epoch: 'e', agent: {}, contacts: [] });
  sockets[0]?.say({ seq: 2, type: 'item', contactId: 'c-1', item: { Id: 'i-1', Type: 'MESSAGE', ContentType: 'text/plain', Content: 'hello' } });
  expect(frames).toHaveLength(1);
  expect(JSON.parse(frames[0]?.content ?? '')).toMatchObject({ Id: 'i-1', Content: 'hello', ContactId: 'c-1', InitialContactId: 'c-1' });
  expect(other).not.toHaveBeenCalled();
  manager.closeWebSocket();
});

test('who subscribes late hears that the connection is there, once', async () => {
  const { sockets, manager } = await begin();
  const early = vi.fn();
  manager.onConnectionGain(early);
  expect(early).not.toHaveBeenCalled();
  sockets[0]?.dispatchEvent(new Event('open'));
  expect(early).toHaveBeenCalledTimes(1);
  const late = vi.fn();
  const gone = vi.fn();
  manager.onConnectionGain(late);
  manager.onConnectionGain(gone)();
  expect(late).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(late).toHaveBeenCalledTimes(1));
  expect(gone).not.toHaveBeenCalled();
  expect(early).toHaveBeenCalledTimes(1);
  manager.closeWebSocket();
});

test('who may not is told that there will be no socket', async () => {
  const { sockets, manager } = await begin();
  const refused = vi.fn();
  const lost = vi.fn();
  manager.onInitFailure(refused);
  manager.onConnectionLost(lost);
  sockets[0]?.dispatchEvent(new Event('open'));
  sockets[0]?.close(4403);
  expect(refused).toHaveBeenCalledTimes(1);
  expect(lost).toHaveBeenCalledTimes(1);
  manager.closeWebSocket();
});
