// One WebSocket of the chat: subscribes, keeps the heartbeat, hands items on. It is used once; the client makes the next.
import { isItem } from './api';
import type { ChatItem } from './types';

export interface SocketHandlers {
  onSubscribed(): void;
  onItem(item: ChatItem): void;
  /** Called once, whoever closed. */
  onClosed(): void;
}

const HEARTBEAT_MS = 10_000;
const SUBSCRIBE_TIMEOUT_MS = 5_000;

export class ChatSocket {
  readonly #socket: WebSocket;
  readonly #handlers: SocketHandlers;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #unanswered = false;
  #subscribed = false;
  #closed = false;

  constructor(url: string, handlers: SocketHandlers, make: (url: string) => WebSocket = (u) => new WebSocket(u)) {
    this.#handlers = handlers;
    this.#socket = make(url);
    this.#deadline = setTimeout(() => this.close(), SUBSCRIBE_TIMEOUT_MS);
    this.#socket.onopen = () => this.#onOpen();
    this.#socket.onmessage = (event: MessageEvent) => this.#onFrame(event.data);
    this.#socket.onclose = () => this.#finish();
    this.#socket.onerror = () => this.close();
  }

  close(): void {
    try {
      this.#socket.close(1000);
    } catch {
      // A socket that never opened has nothing to close.
    }
    this.#finish();
  }

  #onOpen(): void {
    this.#send({ topic: 'aws/subscribe', content: { topics: ['aws/chat'] } });
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  #beat(): void {
    if (this.#unanswered) return this.close();
    this.#unanswered = true;
    this.#send({ topic: 'aws/heartbeat' });
  }

  #onFrame(data: unknown): void {
    if (this.#closed) return;
    this.#unanswered = false;
    const frame = parse(data) as { topic?: unknown; content?: unknown } | null;
    if (frame?.topic === 'aws/subscribe') {
      const ok = (frame.content as { status?: unknown } | undefined)?.status === 'success';
      if (!ok) return this.close();
      if (this.#subscribed) return;
      this.#subscribed = true;
      clearTimeout(this.#deadline);
      this.#handlers.onSubscribed();
    } else if (frame?.topic === 'aws/chat') {
      const item = parse(frame.content);
      if (isItem(item)) this.#handlers.onItem(item);
    }
  }

  #send(frame: object): void {
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#deadline);
    this.#handlers.onClosed();
  }
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
