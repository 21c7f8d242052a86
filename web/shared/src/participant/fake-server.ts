// For tests: the participant interface in memory, with the faults that networks and servers have.
import type { ChatItem, Role } from './types';

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readyState = 0;
  mute = false;
  readonly sent: unknown[] = [];

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  send(text: string): void {
    const frame = JSON.parse(text) as { topic: string };
    this.sent.push(frame);
    if (this.mute) return;
    if (frame.topic === 'aws/subscribe') this.deliver('{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}');
    if (frame.topic === 'aws/heartbeat') this.deliver('{"topic":"aws/heartbeat"}');
  }

  deliver(text: string): void {
    this.onmessage?.({ data: text });
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.();
  }
}

interface Body {
  ContentType?: string;
  Content?: string;
  ClientToken?: string;
  MaxResults?: number;
  ScanDirection?: string;
  StartPosition?: { Id?: string };
  NextToken?: string;
}

export class FakeServer {
  readonly calls: string[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly clientTokens: string[] = [];
  readonly events: string[] = [];
  down = false;
  over = false;
  /** Own messages come back on the socket before the answer to the request. */
  echo = false;
  readonly #items: ChatItem[] = [];
  readonly #byToken = new Map<string, ChatItem>();
  #connectionToken = 0;
  #failing: { operation: string; status: number } | null = null;
  #losing: string | null = null;

  readonly makeSocket = (): WebSocket => {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    queueMicrotask(() => socket.open());
    return socket as unknown as WebSocket;
  };

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const operation = String(input).split('/').at(-1)!;
    this.calls.push(operation);
    if (this.down) throw new TypeError('network');
    const token = new Headers(init?.headers).get('x-amz-bearer');
    if (operation === 'connection') return this.over ? answer(403, {}) : this.#connect();
    if (token !== `ct${this.#connectionToken}`) return answer(403, {});
    if (this.#failing?.operation === operation) {
      this.clientTokens.push((JSON.parse(String(init?.body)) as Body).ClientToken ?? '');
      const { status } = this.#failing;
      this.#failing = null;
      return answer(status, { Message: 'no' });
    }
    const result = this.#do(operation, JSON.parse(String(init?.body)) as Body);
    if (this.#losing === operation) {
      this.#losing = null;
      throw new TypeError('network');
    }
    return answer(200, result);
  };

  say(text: string): ChatItem {
    return this.add('MESSAGE', 'text/plain', text, 'AGENT', 'Alice');
  }

  add(type: string, contentType: string, content?: string, role?: Role, name?: string, participant?: string): ChatItem {
    const item = this.transient(contentType, content, role, name, type, participant);
    this.#items.push(item);
    return item;
  }

  transient(contentType: string, content?: string, role?: Role, name?: string, type = 'EVENT', participant?: string): ChatItem {
    return {
      Id: `id${Math.random()}`, AbsoluteTime: new Date(Date.now()).toISOString(), Type: type, ContentType: contentType,
      ...(content === undefined ? {} : { Content: content }),
      ...(role ? { ParticipantRole: role, DisplayName: name ?? '', ParticipantId: participant ?? `p-${name}` } : {}),
    };
  }

  push(item: ChatItem): void {
    this.sockets.at(-1)!.deliver(JSON.stringify({ topic: 'aws/chat', contentType: 'application/json', content: JSON.stringify(item) }));
  }

  dropSockets(): void {
    for (const socket of this.sockets) socket.close();
  }

  expireConnectionTokens(): void {
    this.#connectionToken += 100;
  }

  failNext(operation: string, status: number): void {
    this.#failing = { operation, status };
  }

  loseNextAnswer(operation: string): void {
    this.#losing = operation;
  }

  #connect(): Response {
    this.#connectionToken += 1;
    return answer(200, { Websocket: { Url: 'ws://test/socket' }, ConnectionCredentials: { ConnectionToken: `ct${this.#connectionToken}` } });
  }

  #do(operation: string, body: Body): object {
    if (operation === 'transcript') return this.#transcript(body);
    if (operation === 'event') this.events.push(body.ContentType ?? '');
    if (operation === 'message') return this.#message(body);
    return { Id: 'event', AbsoluteTime: new Date(Date.now()).toISOString() };
  }

  #message(body: Body): object {
    const token = body.ClientToken ?? '';
    this.clientTokens.push(token);
    const item = this.#byToken.get(token) ?? this.add('MESSAGE', 'text/plain', body.Content, 'CUSTOMER', 'Me', 'me');
    if (!this.#byToken.has(token) && this.echo) this.push(item);
    this.#byToken.set(token, item);
    return { Id: item.Id, AbsoluteTime: item.AbsoluteTime };
  }

  #transcript(body: Body): object {
    const max = body.MaxResults ?? 10;
    const all = this.#items;
    if (body.ScanDirection === 'FORWARD') {
      const from = body.NextToken ? Number(body.NextToken) : all.findIndex((item) => item.Id === body.StartPosition?.Id);
      const next = from + max;
      return { Transcript: all.slice(from, next), ...(next < all.length ? { NextToken: String(next) } : {}) };
    }
    const end = body.NextToken ? Number(body.NextToken) : all.length;
    const from = Math.max(0, end - max);
    return { Transcript: all.slice(from, end), ...(from > 0 ? { NextToken: String(from) } : {}) };
  }
}

function answer(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}
