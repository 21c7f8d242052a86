// Messages on their way out: one after the other, each with a token that makes sending it twice harmless.
import type { Sent } from './api';
import { ChatFailure, type PendingMessage } from './types';

export interface OutboxHandlers {
  onChange(pending: readonly PendingMessage[]): void;
  onSent(sent: Sent, text: string): void;
  onEnded(): void;
}

type Send = (text: string, clientToken: string) => Promise<Sent>;

export class Outbox {
  readonly #send: Send;
  readonly #handlers: OutboxHandlers;
  #pending: PendingMessage[] = [];
  #busy = false;

  constructor(send: Send, handlers: OutboxHandlers) {
    this.#send = send;
    this.#handlers = handlers;
  }

  add(text: string): void {
    this.#change([...this.#pending, { clientToken: newToken(), text, status: 'sending' }]);
    void this.#work();
  }

  retry(clientToken: string): void {
    this.#change(this.#pending.map((m) => (m.clientToken === clientToken ? sending(m) : m)));
    void this.#work();
  }

  /** The line is back: what failed for the lack of it goes out by itself. */
  resume(): void {
    if (!this.#pending.some((m) => m.failure === 'network')) return;
    this.#change(this.#pending.map((m) => (m.failure === 'network' ? sending(m) : m)));
    void this.#work();
  }

  /** The socket brought our own message, perhaps before its answer: it need not be shown as on its way any more. */
  seen(text: string): void {
    const at = this.#pending.findIndex((m) => m.text === text && m.status === 'sending');
    if (at >= 0) this.#change(this.#pending.filter((_, i) => i !== at));
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) await this.#sendOne(next);
    } finally {
      this.#busy = false;
    }
  }

  #next(): PendingMessage | undefined {
    return this.#pending.find((m) => m.status === 'sending');
  }

  async #sendOne(message: PendingMessage): Promise<void> {
    try {
      const sent = await this.#send(message.text, message.clientToken);
      this.#change(this.#pending.filter((m) => m.clientToken !== message.clientToken));
      this.#handlers.onSent(sent, message.text);
    } catch (error) {
      const failure = error instanceof ChatFailure ? error.kind : 'server';
      this.#change(this.#pending.map((m) => (m.clientToken === message.clientToken ? { ...m, status: 'failed', failure } : m)));
      if (failure === 'ended') this.#handlers.onEnded();
    }
  }

  #change(pending: PendingMessage[]): void {
    this.#pending = pending;
    this.#handlers.onChange(pending);
  }
}

function sending({ clientToken, text }: PendingMessage): PendingMessage {
  return { clientToken, text, status: 'sending' };
}

/** crypto.randomUUID is missing on pages without TLS. */
export function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
