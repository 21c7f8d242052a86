import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventSocket, type SocketState } from './event-socket';

class FakeSocket extends EventTarget {
  sent: string[] = [];
  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    super();
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closeWith(1000);
  }
  open(): void {
    this.dispatchEvent(new Event('open'));
  }
  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(data) }));
  }
  closeWith(code: number): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
}

const agent = { agentId: 'a', username: 'alice', name: 'Alice', status: 'available' };
const snapshot = (seq: number, epoch = 'e1') => ({ seq, type: 'snapshot', epoch, agent, contacts: [] });
const change = (seq: number) => ({ seq, type: 'agent', agent });

let sockets: FakeSocket[];
let states: SocketState[];
let events: (number | string)[];
let socket: EventSocket;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  states = [];
  events = [];
  socket = new EventSocket({
    url: 'ws://host/api/agent/events',
    token: async () => 'token',
    onEvent: (event) => events.push('seq' in event ? event.seq : event.type),
    onState: (state) => states.push(state),
    open: (url, protocols) => {
      const made = new FakeSocket(url, protocols);
      sockets.push(made);
      return made as unknown as WebSocket;
    },
  });
});

afterEach(() => {
  socket.stop();
  vi.useRealTimers();
});

const last = (): FakeSocket => sockets.at(-1) as FakeSocket;

async function opened(): Promise<void> {
  socket.start();
  await vi.advanceTimersByTimeAsync(0);
  last().open();
}

describe('the event socket', () => {
  it('carries the token as a subprotocol and asks from where it stopped', async () => {
    await opened();
    expect(last().protocols).toEqual(['upcall.events', 'bearer.token']);
    last().receive(snapshot(7));
    last().receive(change(8));
    last().closeWith(1006);
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(2);
    expect(last().url).toContain('epoch=e1&after=8');
    expect(events).toEqual([7, 8]);
  });

  it('asks for a snapshot when a number is missing', async () => {
    await opened();
    last().receive(snapshot(1));
    last().receive(change(3));
    await vi.advanceTimersByTimeAsync(500);
    expect(last().url).toContain('epoch=&after=0');
    expect(events).toEqual([1]);
  });

  it('takes what is of the moment without a number, and misses nothing by it', async () => {
    await opened();
    expect(last().url).toContain('quality=1');
    last().receive(snapshot(4));
    last().receive({ type: 'quality', contactId: 'c', meetingId: 'm', people: [] });
    last().receive(change(5));
    expect(events).toEqual([4, 'quality', 5]);
    expect(sockets).toHaveLength(1);
  });

  it('does not take an event twice', async () => {
    await opened();
    last().receive(snapshot(1));
    last().receive(change(2));
    last().receive(change(2));
    expect(events).toEqual([1, 2]);
    expect(sockets).toHaveLength(1);
  });

  it('says that it is offline only when a break lasts, and when it is back', async () => {
    await opened();
    last().closeWith(1006);
    await vi.advanceTimersByTimeAsync(400);
    last().open();
    expect(states).not.toContain('offline');
    last().closeWith(1006);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(states.at(-1)).toBe('offline');
    last().open();
    expect(states.at(-1)).toBe('open');
  });

  it('gives up a line that answers no ping', async () => {
    await opened();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(last().sent).toEqual(['{"type":"ping"}']);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(sockets).toHaveLength(2);
  });

  it('keeps a line that answers', async () => {
    await opened();
    for (let round = 0; round < 4; ++round) {
      await vi.advanceTimersByTimeAsync(15_000);
      last().receive({ type: 'pong' });
    }
    expect(sockets).toHaveLength(1);
  });

  it('does not knock again where the person is no agent', async () => {
    await opened();
    last().closeWith(4403);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toBe('refused');
    expect(sockets).toHaveLength(1);
  });
});
