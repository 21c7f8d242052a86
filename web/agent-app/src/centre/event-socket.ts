// The agent's event socket: numbered events, resumed after a break; a gap or a restart of the server asks for a snapshot.
import { Backoff } from '@upcall/shared/backoff';
import type { CentreEvent } from './types';

export type SocketState = 'connecting' | 'open' | 'offline' | 'refused';

export interface EventSocketOptions {
  /** A fresh token for each attempt; throwing means that there is none. */
  token: () => Promise<string>;
  onEvent: (event: CentreEvent) => void;
  onState: (state: SocketState) => void;
  url?: string;
  open?: (url: string, protocols: string[]) => WebSocket;
}

const PING_EVERY_MS = 15_000;
const PONG_WITHIN_MS = 10_000;
const NOT_AN_AGENT = 4403;
/** A break shorter than this is not worth a word. */
const OFFLINE_AFTER_MS = 1_500;

export class EventSocket {
  private socket: WebSocket | undefined;
  private epoch = '';
  private last = 0;
  private stopped = false;
  private readonly backoff = new Backoff(400, 10_000);
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pings: ReturnType<typeof setInterval> | undefined;
  private pong: ReturnType<typeof setTimeout> | undefined;
  private notice: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: EventSocketOptions) {}

  start(): void {
    this.options.onState('connecting');
    globalThis.addEventListener?.('online', this.now);
    globalThis.addEventListener?.('offline', this.drop);
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    globalThis.removeEventListener?.('online', this.now);
    globalThis.removeEventListener?.('offline', this.drop);
    clearTimeout(this.retry);
    clearTimeout(this.notice);
    this.quiet();
    this.socket?.close();
  }

  private readonly now = (): void => {
    if (this.socket) return;
    clearTimeout(this.retry);
    this.backoff.reset();
    void this.connect();
  };

  private readonly drop = (): void => this.socket?.close();

  private async connect(): Promise<void> {
    let token: string;
    try {
      token = await this.options.token();
    } catch {
      return this.again();
    }
    if (this.stopped || this.socket) return;
    const base = this.options.url ?? `${location.origin.replace(/^http/, 'ws')}/api/agent/events`;
    const query = new URLSearchParams({ epoch: this.epoch, after: String(this.last), quality: '1' });
    const open = this.options.open ?? ((url, protocols) => new WebSocket(url, protocols));
    const socket = open(`${base}?${query}`, ['upcall.events', `bearer.${token}`]);
    this.socket = socket;
    socket.addEventListener('open', () => this.opened(socket));
    socket.addEventListener('message', (message) => this.received(socket, String(message.data)));
    socket.addEventListener('close', (event) => this.closed(socket, event.code));
  }

  private opened(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.backoff.reset();
    clearTimeout(this.notice);
    this.notice = undefined;
    this.options.onState('open');
    this.pings = setInterval(() => {
      socket.send('{"type":"ping"}');
      this.pong ??= setTimeout(() => socket.close(), PONG_WITHIN_MS);
    }, PING_EVERY_MS);
  }

  private received(socket: WebSocket, text: string): void {
    if (socket !== this.socket) return;
    const event = JSON.parse(text) as CentreEvent | { type: 'pong' };
    if (event.type === 'pong') {
      clearTimeout(this.pong);
      this.pong = undefined;
      return;
    }
    // Of the moment: has no number, and is not missed after a break.
    if (event.type === 'quality') return this.options.onEvent(event);
    if (event.type === 'snapshot') {
      this.epoch = event.epoch;
    } else if (event.seq !== this.last + 1) {
      if (event.seq <= this.last) return;
      this.epoch = '';
      this.last = 0;
      socket.close();
      return;
    }
    this.last = event.seq;
    this.options.onEvent(event);
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    this.socket = undefined;
    this.quiet();
    if (this.stopped) return;
    if (code === NOT_AN_AGENT) return this.options.onState('refused');
    this.again();
  }

  private again(): void {
    if (this.stopped) return;
    this.notice ??= setTimeout(() => this.options.onState('offline'), OFFLINE_AFTER_MS);
    this.retry = setTimeout(() => void this.connect(), this.backoff.next());
  }

  private quiet(): void {
    clearInterval(this.pings);
    clearTimeout(this.pong);
    this.pong = undefined;
  }
}
