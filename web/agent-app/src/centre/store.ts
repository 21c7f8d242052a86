// The contact centre as this agent sees it: server events in, the agent's actions out.
import { create } from 'zustand';
import { ApiError } from '@upcall/shared/api/http';
import { agentApi, type ContactAction } from '../api/agent';
import { session } from '../session/session';
import { EventSocket, type SocketState } from './event-socket';
import { applyEvent, type Centre, changeChat, EMPTY_CENTRE, lookAt, merge } from './reducer';
import { type CentreEvent, EVENT } from './types';

interface CentreStore extends Centre {
  socket: SocketState;
  /** The first snapshot has come. */
  ready: boolean;
  watch: (contactId: string | undefined) => void;
  /** `afterContacts`: when the last contact is cleared. */
  setStatus: (status: string, afterContacts?: boolean) => Promise<void>;
  act: (contactId: string, action: ContactAction) => Promise<void>;
  loadChat: (contactId: string) => Promise<void>;
  send: (contactId: string, content: string) => Promise<void>;
  resend: (contactId: string, clientToken: string) => Promise<void>;
  discard: (contactId: string, clientToken: string) => void;
  typing: (contactId: string) => void;
}

const PAGE = 200;
const TYPING_EVERY_MS = 8_000;

type EventListener = (event: CentreEvent, before: Centre) => void;
const eventListeners = new Set<EventListener>();

/** For what must see each event and the state before it: the ring, notifications, calls. */
export function onCentreEvent(listener: EventListener): () => void {
  eventListeners.add(listener);
  return () => eventListeners.delete(listener);
}

const typedAt = new Map<string, number>();
const loading = new Map<string, Promise<void>>();

export const useCentre = create<CentreStore>()((set, get) => {
  const post = async (contactId: string, clientToken: string, content: string): Promise<void> => {
    try {
      const sent = await agentApi.send(contactId, content, clientToken);
      set((centre) =>
        changeChat(centre, contactId, (chat) => ({
          ...chat,
          pending: chat.pending.filter((message) => message.clientToken !== clientToken),
          items: merge(chat.items, [
            {
              Id: sent.id,
              Type: 'MESSAGE',
              ContentType: 'text/plain',
              AbsoluteTime: sent.absoluteTime,
              Content: content,
              ParticipantRole: 'AGENT',
              DisplayName: centre.agent?.name ?? '',
            },
          ]),
        })),
      );
    } catch (error) {
      setPending(contactId, clientToken, 'failed');
      throw error;
    }
  };

  const setPending = (contactId: string, clientToken: string, state: 'sending' | 'failed') =>
    set((centre) =>
      changeChat(centre, contactId, (chat) => ({
        ...chat,
        pending: chat.pending.map((message) => (message.clientToken === clientToken ? { ...message, state } : message)),
      })),
    );

  const readAll = async (contactId: string): Promise<void> => {
    const seen = get().chats[contactId]?.items ?? [];
    let after = seen.reduce((highest, item) => Math.max(highest, item.seq ?? 0), 0);
    for (;;) {
      const { items } = await agentApi.items(contactId, after);
      set((centre) => changeChat(centre, contactId, (chat) => ({ ...chat, items: merge(chat.items, items) })));
      if (items.length < PAGE) break;
      after = items.at(-1)?.seq ?? after;
    }
    set((centre) => changeChat(centre, contactId, (chat) => ({ ...chat, loaded: true, failed: false })));
  };

  return {
    ...EMPTY_CENTRE,
    socket: 'connecting',
    ready: false,
    watch: (contactId) => set((centre) => lookAt(centre, contactId)),
    setStatus: async (status, afterContacts) => {
      await agentApi.setStatus(status, afterContacts);
    },
    act: async (contactId, action) => {
      await agentApi.act(contactId, action);
    },
    loadChat: (contactId) => {
      const running = loading.get(contactId);
      if (running) return running;
      const reading = readAll(contactId)
        .catch((error: unknown) => {
          set((centre) => changeChat(centre, contactId, (chat) => ({ ...chat, failed: true })));
          throw error;
        })
        .finally(() => loading.delete(contactId));
      loading.set(contactId, reading);
      return reading;
    },
    send: (contactId, content) => {
      const clientToken = newToken();
      set((centre) =>
        changeChat(centre, contactId, (chat) => ({
          ...chat,
          pending: [...chat.pending, { clientToken, content, state: 'sending' }],
        })),
      );
      return post(contactId, clientToken, content);
    },
    // The same token: the server takes a message that did arrive only once.
    resend: async (contactId, clientToken) => {
      const message = get().chats[contactId]?.pending.find((pending) => pending.clientToken === clientToken);
      if (!message) return;
      setPending(contactId, clientToken, 'sending');
      await post(contactId, clientToken, message.content);
    },
    discard: (contactId, clientToken) =>
      set((centre) =>
        changeChat(centre, contactId, (chat) => ({
          ...chat,
          pending: chat.pending.filter((message) => message.clientToken !== clientToken),
        })),
      ),
    typing: (contactId) => {
      const now = Date.now();
      if (now - (typedAt.get(contactId) ?? 0) < TYPING_EVERY_MS) return;
      typedAt.set(contactId, now);
      // A lost sign of typing is nobody's loss.
      agentApi.sendEvent(contactId, EVENT.typing).catch(() => undefined);
    },
  };
});

/** randomUUID exists on secure pages only. */
export function newToken(): string {
  return globalThis.crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join('-');
}

let socket: EventSocket | undefined;

export function startCentre(): void {
  if (socket) return;
  const opened = new EventSocket({
    token: () => session.accessToken(),
    onState: (state) => {
      useCentre.setState({ socket: state });
      // Who may no longer handle contacts, or who may no longer do anything: then the session is over, which this shows.
      if (state === 'refused') agentApi.state().catch(() => undefined);
    },
    onEvent: (event) => {
      const before = useCentre.getState();
      useCentre.setState((centre) => ({
        ...applyEvent(centre, event, Date.now()),
        ready: centre.ready || event.type === 'snapshot',
      }));
      for (const listener of [...eventListeners]) listener(event, before);
    },
  });
  socket = opened;
  // A refused socket looks like a lost one; the plain question tells who is no agent.
  agentApi.state().then(
    () => socket === opened && opened.start(),
    (error: unknown) => {
      if (socket !== opened) return;
      if (error instanceof ApiError && error.status === 403) useCentre.setState({ socket: 'refused' });
      else opened.start();
    },
  );
}

export function stopCentre(): void {
  socket?.stop();
  socket = undefined;
  typedAt.clear();
  useCentre.setState({ ...EMPTY_CENTRE, socket: 'connecting', ready: false });
}
