// A customer's chat over its whole life: connects, comes back by itself, fills gaps from the transcript, sends in order.
import { Backoff } from '../backoff';
import type { FileLimits } from './files';
import { ParticipantApi } from './api';
import { Outbox } from './outbox';
import { addReceipts, ReceiptSender } from './receipts';
import { ChatSocket } from './socket';
import { isAcknowledged, isEnded, latestInvitation, mergeItem, mergePage, presentAgent, readQueuePlace } from './transcript';
import { ChatFailure, ContentType, type ChatCredentials, type ChatItem, type ChatState, type Role } from './types';
import { Uploads } from './uploads';

export interface ClientOptions {
  baseUrl: string;
  credentials: ChatCredentials;
  /** The customer's unless it is somebody else's. */
  role?: Role;
  makeSocket?: (url: string) => WebSocket;
  /** Of files; without it none are taken. */
  limits?: () => FileLimits;
}

const PAGE = 50;
const GAP_PAGE = 100;
const TYPING_EVERY_MS = 10_000;
const TYPING_SHOWN_MS = 12_000;

export class ParticipantClient {
  readonly #options: ClientOptions;
  readonly #api: ParticipantApi;
  readonly #backoff = new Backoff(1000, 30_000);
  readonly #outbox: Outbox;
  readonly #listeners = new Set<() => void>();
  #state: ChatState = {
    connection: 'connecting', items: [], pending: [], uploads: [], hasOlder: false, loadingOlder: false,
    typing: null, queue: null, agent: null, invitation: null,
  };
  #socket: ChatSocket | null = null;
  #token = '';
  #olderToken: string | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #typingSent = -Infinity;
  readonly #uploads: Uploads;
  readonly #receipts: ReceiptSender;
  readonly #acknowledging = new Set<string>();
  #connecting = false;
  #wasOnline = false;
  #stopped = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#api = new ParticipantApi(options.baseUrl);
    this.#outbox = new Outbox(
      (text, clientToken) => this.#withToken((token) => this.#api.sendMessage(token, text, clientToken)),
      {
        onChange: (pending) => this.#set({ pending }),
        onSent: (sent, text) => this.#onItems(mergeItem(this.#state.items, this.#ownMessage(sent.id, sent.time, text))),
        onEnded: () => void this.#reconnect(),
      },
    );
    this.#uploads = new Uploads(
      {
        start: (wanted) => this.#withToken((token) => this.#api.startUpload(token, wanted)),
        complete: (id) => this.#withToken((token) => this.#api.completeUpload(token, id)),
      },
      options.limits ?? (() => ({ maxBytes: 0, types: [] })),
      (uploads) => this.#set({ uploads }),
    );
    this.#receipts = new ReceiptSender((contentType, messageId) =>
      this.#withToken((token) => this.#api.sendEvent(token, contentType, { messageId })),
    );
  }

  get state(): ChatState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    globalThis.addEventListener?.('online', this.#hurry);
    globalThis.document?.addEventListener('visibilitychange', this.#hurry);
    void this.#reconnect();
  }

  /** Lets go of the chat without ending it. */
  stop(): void {
    this.#stopped = true;
    globalThis.removeEventListener?.('online', this.#hurry);
    globalThis.document?.removeEventListener('visibilitychange', this.#hurry);
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#typingTimer);
    this.#uploads.stop();
    this.#socket?.close();
  }

  send(text: string): void {
    if (text.trim() !== '') this.#outbox.add(text);
    this.#typingSent = -Infinity;
  }

  retry(clientToken: string): void {
    this.#outbox.retry(clientToken);
  }

  sendFiles(files: Iterable<File>): void {
    this.#uploads.add(files);
  }

  retryFile(id: string): void {
    this.#uploads.retry(id);
  }

  dropFile(id: string): void {
    this.#uploads.drop(id);
  }

  /** An address to fetch an approved file from, now. */
  fileAddress(attachmentId: string): Promise<string> {
    return this.#withToken((token) => this.#api.attachment(token, attachmentId));
  }

  /** Tells the others that their last words have come, and whether they are being read. */
  receive(seen: boolean): void {
    if (this.#state.connection !== 'online') return;
    const { participantId } = this.#options.credentials;
    const newest = this.#state.items.findLast((item) => item.Type === 'MESSAGE' && item.ParticipantId && item.ParticipantId !== participantId);
    this.#receipts.tell(newest, seen, participantId);
  }

  /** Tells the other side that somebody writes; asks for it are many, so most are dropped. */
  typing(): void {
    if (this.#state.connection !== 'online' || performance.now() - this.#typingSent < TYPING_EVERY_MS) return;
    this.#typingSent = performance.now();
    this.#withToken((token) => this.#api.sendEvent(token, ContentType.typing)).catch(() => undefined);
  }

  /** Says that the invitation is on the screen, so that the server stops repeating it. */
  async acknowledge(invitationId: string): Promise<void> {
    if (this.#acknowledging.has(invitationId) || isAcknowledged(this.#state.items, invitationId)) return;
    this.#acknowledging.add(invitationId);
    try {
      await this.#withToken((token) => this.#api.sendEvent(token, ContentType.invitationAcknowledged, { invitationId }));
    } catch (error) {
      // An invitation that was withdrawn is refused; anything else is tried again with the next repeat.
      if ((error as ChatFailure).kind !== 'invalid') this.#acknowledging.delete(invitationId);
    }
  }

  async loadOlder(): Promise<void> {
    if (!this.#olderToken || this.#state.loadingOlder) return;
    this.#set({ loadingOlder: true });
    try {
      const nextToken = this.#olderToken;
      const page = await this.#withToken((token) => this.#api.transcript(token, { maxResults: PAGE, nextToken }));
      this.#olderToken = page.nextToken;
      this.#onItems(mergePage(this.#state.items, page.items));
      this.#set({ hasOlder: page.nextToken !== null });
    } finally {
      this.#set({ loadingOlder: false });
    }
  }

  /** Ends the chat for everybody. */
  async end(): Promise<void> {
    try {
      await this.#withToken((token) => this.#api.disconnect(token));
    } catch (error) {
      if ((error as ChatFailure).kind !== 'ended') throw error;
    }
    this.#finish('ended');
  }

  readonly #hurry = (): void => {
    if (this.#state.connection !== 'offline' || globalThis.document?.visibilityState === 'hidden') return;
    clearTimeout(this.#retryTimer);
    this.#backoff.reset();
    void this.#reconnect();
  };

  async #reconnect(): Promise<void> {
    if (this.#connecting || this.#over()) return;
    this.#connecting = true;
    this.#socket?.close();
    try {
      const connected = await this.#api.connect(this.#options.credentials.participantToken);
      if (this.#over()) return;
      this.#token = connected.connectionToken;
      this.#openSocket(connected.socketUrl);
    } catch (error) {
      // 403 for the participant's token is how the server says that the chat is over.
      if ((error as ChatFailure).kind === 'ended') this.#finish(this.#wasOnline ? 'ended' : 'expired');
      else this.#later();
    } finally {
      this.#connecting = false;
    }
  }

  #openSocket(url: string): void {
    const socket: ChatSocket = new ChatSocket(url, {
      onSubscribed: () => void this.#catchUp(socket),
      onItem: (item) => this.#onItem(item),
      onClosed: () => {
        if (this.#socket !== socket) return;
        this.#socket = null;
        this.#later();
      },
    }, this.#options.makeSocket);
    this.#socket = socket;
  }

  /** The socket replays nothing: what came meanwhile is in the transcript. */
  async #catchUp(socket: ChatSocket): Promise<void> {
    try {
      const last = this.#state.items.at(-1);
      if (last) await this.#fillGap(last.Id);
      else await this.#loadNewest();
      if (this.#socket !== socket) return;
      this.#backoff.reset();
      this.#wasOnline = true;
      if (!this.#over()) this.#set({ connection: 'online' });
      this.#outbox.resume();
    } catch {
      socket.close();
    }
  }

  async #loadNewest(): Promise<void> {
    const page = await this.#api.transcript(this.#token, { maxResults: PAGE });
    this.#olderToken = page.nextToken;
    this.#set({ hasOlder: page.nextToken !== null });
    this.#onItems(mergePage(this.#state.items, page.items));
  }

  async #fillGap(fromId: string): Promise<void> {
    let nextToken: string | null = null;
    let after: string | undefined;
    do {
      const query = { maxResults: GAP_PAGE, fromId, ...(nextToken ? { nextToken } : {}) };
      const page = await this.#api.transcript(this.#token, query);
      this.#onItems(mergePage(this.#state.items, page.items, after));
      after = page.items.at(-1)?.Id;
      nextToken = page.nextToken;
    } while (nextToken);
  }

  #later(): void {
    if (this.#over()) return;
    this.#set({ connection: 'offline', typing: null });
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#reconnect(), this.#backoff.next());
  }

  #onItem(item: ChatItem): void {
    const own = item.ParticipantId === this.#options.credentials.participantId;
    if (item.ContentType === ContentType.typing) {
      if (!own) this.#showTyping(item.DisplayName ?? '');
      return;
    }
    const queue = readQueuePlace(item);
    if (queue) return this.#set({ queue });
    if (item.Type === 'MESSAGEMETADATA') return this.#onItems(addReceipts(this.#state.items, item.MessageMetadata));
    const known = this.#state.items.some((i) => i.Id === item.Id);
    if (own && item.Type === 'MESSAGE' && !known) this.#outbox.seen(item.Content ?? '');
    if (!own && item.Type === 'MESSAGE') this.#set({ typing: null });
    this.#onItems(mergeItem(this.#state.items, item));
  }

  #onItems(items: readonly ChatItem[]): void {
    if (items === this.#state.items) return;
    const agent = presentAgent(items);
    this.#set({ items, agent, invitation: latestInvitation(items), ...(agent !== null ? { queue: null } : {}) });
    if (isEnded(items)) this.#finish('ended');
  }

  #ownMessage(id: string, time: string, text: string): ChatItem {
    return {
      Id: id, AbsoluteTime: time, Type: 'MESSAGE', ContentType: ContentType.text, Content: text,
      ParticipantId: this.#options.credentials.participantId, ParticipantRole: this.#options.role ?? 'CUSTOMER',
    };
  }

  #showTyping(name: string): void {
    clearTimeout(this.#typingTimer);
    this.#set({ typing: name });
    this.#typingTimer = setTimeout(() => this.#set({ typing: null }), TYPING_SHOWN_MS);
  }

  /** Connection tokens run out before the chat does: a refused one is renewed once. */
  async #withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    if (!this.#token) throw new ChatFailure('network');
    try {
      return await call(this.#token);
    } catch (error) {
      if ((error as ChatFailure).kind !== 'ended') throw error;
    }
    const connected = await this.#api.connect(this.#options.credentials.participantToken);
    this.#token = connected.connectionToken;
    return call(this.#token);
  }

  #finish(connection: 'ended' | 'expired'): void {
    if (this.#over()) return;
    this.#set({ connection, typing: null, queue: null, invitation: null, pending: [], uploads: [] });
    this.stop();
  }

  #over(): boolean {
    return this.#stopped || this.#state.connection === 'ended' || this.#state.connection === 'expired';
  }

  #set(change: Partial<ChatState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
