// The widget's life: form → chat, one chat a tab, over reloads. What the screens show stands in `store`.
import { ParticipantClient } from '@upcall/shared/participant/client';
import { forgetChat, loadChat, saveChat, type StoredChat } from '@upcall/shared/participant/stored-chat';
import type { ChatState } from '@upcall/shared/participant/types';
import { type FrontendConfig, readConfig } from '@upcall/shared/frontend-config';
import { CallInvitation } from './call-invitation';
import { loadConfig } from './config';
import { CustomerApi, type Visitor } from './customer-api';
import { failureText, type FailureText } from './failure';
import { takePrefill, type Prefill } from './prefill';
import { Store } from './store';
import { TabLock } from './tab-lock';

export type Screen = 'form' | 'chat' | 'expired' | 'otherTab';

export interface WidgetState {
  open: boolean;
  screen: Screen;
  starting: boolean;
  failure: FailureText | null;
  prefill: Prefill | null;
  chat: ChatState | null;
  customerName: string;
  ownId: string;
  unread: number;
}

const ROOM_FOR_BOTH_PX = 992;

export class WidgetController {
  readonly store = new Store<WidgetState>({
    open: false, screen: 'form', starting: false, failure: null, prefill: null, chat: null, customerName: '', ownId: '', unread: 0,
  });
  readonly call: CallInvitation;
  readonly #base: string;
  readonly #api: CustomerApi;
  readonly #lock = new TabLock();
  #config: Promise<FrontendConfig> | null = null;
  #client: ParticipantClient | null = null;
  #chat: StoredChat | null = null;

  /** `base` is the origin of the server. */
  constructor(base: string) {
    this.#base = base;
    this.#api = new CustomerApi(base);
    this.call = new CallInvitation(this.#api);
    let shown = false;
    this.call.store.subscribe(() => {
      const { stage } = this.call.store.value;
      const shows = stage !== 'none' && stage !== 'invited';
      if (shows === shown) return;
      shown = shows;
      // Where there is no room for both, the call takes the chat's place and gives it back.
      if (!shows) this.setOpen(true);
      else if (innerWidth < ROOM_FOR_BOTH_PX) this.setOpen(false);
    });
  }

  get client(): ParticipantClient | null {
    return this.#client;
  }

  async begin(): Promise<void> {
    document.addEventListener('visibilitychange', () => this.#receive());
    const prefill = takePrefill();
    const stored = loadChat();
    if (stored) await this.#resume(stored, 'ask');
    else if (prefill) this.store.set({ prefill, open: true });
  }

  setOpen(open: boolean): void {
    this.store.set({ open, ...(open ? { unread: 0 } : {}) });
    this.#receive();
  }

  async start(visitor: Visitor): Promise<void> {
    if (this.store.value.starting) return;
    this.store.set({ starting: true, failure: null });
    try {
      const config = await this.config();
      const credentials = await this.#api.startChat(config.connectDefaultContactFlowId, visitor);
      const chat = { ...credentials, customerName: visitor.name };
      saveChat(chat);
      await this.#resume(chat, 'steal');
    } catch (error) {
      this.store.set({ failure: failureText(error) });
    } finally {
      this.store.set({ starting: false });
    }
  }

  /** After the end, or instead of a chat that is over: the form again. */
  startAgain(): void {
    this.#drop();
    forgetChat();
    this.#chat = null;
    this.store.set({ screen: 'form', chat: null, failure: null, prefill: null, unread: 0 });
  }

  async endChat(): Promise<void> {
    await this.#client?.end();
    await this.call.reset();
  }

  /** This tab takes the chat from the other one. */
  async useHere(): Promise<void> {
    if (this.#chat) await this.#resume(this.#chat, 'steal');
  }

  config(): Promise<FrontendConfig> {
    // A failure is forgotten, so that the next attempt asks again.
    this.#config ??= loadConfig(this.#base).catch((error: unknown) => {
      this.#config = null;
      throw error;
    });
    return this.#config;
  }

  async #resume(chat: StoredChat, how: 'ask' | 'steal'): Promise<void> {
    this.#chat = chat;
    this.store.set({ open: true });
    const taken = await this.#lock.take(chat.contactId, how, () => this.#lost());
    if (!taken) return this.store.set({ screen: 'otherTab' });
    const client = new ParticipantClient({ baseUrl: this.#base, credentials: chat, limits: () => readConfig().files });
    this.#client = client;
    this.store.set({ screen: 'chat', chat: client.state, customerName: chat.customerName, ownId: chat.participantId });
    client.subscribe(() => this.#follow(client));
    client.start();
  }

  #follow(client: ParticipantClient): void {
    if (client !== this.#client) return;
    const before = this.store.value;
    const chat = client.state;
    const fresh = chat.items.slice(before.chat?.items.length ?? 0).filter((item) => item.Type === 'MESSAGE' && item.ParticipantId !== before.ownId);
    this.#receive();
    this.store.set({ chat, unread: before.open ? 0 : before.unread + fresh.length });
    if (chat.connection === 'ended' || chat.connection === 'expired') {
      forgetChat();
      this.#lock.release();
      if (chat.connection === 'expired') this.store.set({ screen: 'expired' });
    }
    if (this.call.follow(chat, this.#chat!, client)) this.setOpen(true);
  }

  /** What is open before somebody's eyes has been read. */
  #receive(): void {
    this.#client?.receive(this.store.value.open && document.visibilityState === 'visible');
  }

  #lost(): void {
    this.#drop();
    this.store.set({ screen: 'otherTab', open: true });
  }

  #drop(): void {
    this.#client?.stop();
    this.#client = null;
    this.#lock.release();
    void this.call.reset();
  }
}
