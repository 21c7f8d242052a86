// The agents' event socket as the vendor's chat library knows sockets: for pages that run an agent's chats by that library
// (type AGENT) without the vendor's panel. One manager serves all chats of a page.
import { EventSocket, type EventSocketOptions } from './event-socket';

type Listener = (frame?: unknown) => void;

/** What `ChatSession.create({ websocketManager })` uses of the manager that it gets. Each `on…` answers how to end it. */
export interface ChatLibrarySockets {
  subscribeTopics(topics: string[]): void;
  onMessage(topic: string, listener: Listener): () => void;
  onConnectionGain(listener: Listener): () => void;
  onConnectionLost(listener: Listener): () => void;
  onInitFailure(listener: Listener): () => void;
  closeWebSocket(): void;
}

const CHATS = 'aws/chat';

export function chatLibrarySockets(options: Pick<EventSocketOptions, 'token' | 'url' | 'open'>): ChatLibrarySockets {
  const listeners = { message: new Set<Listener>(), gain: new Set<Listener>(), lost: new Set<Listener>(), refused: new Set<Listener>() };
  let open = false;
  const tell = (whom: Set<Listener>, frame?: unknown): void => {
    for (const listener of [...whom]) listener(frame);
  };
  const add = (to: Set<Listener>, listener: Listener): (() => void) => {
    to.add(listener);
    return () => void to.delete(listener);
  };
  const socket = new EventSocket({
    ...options,
    onEvent: (event) => {
      if (event.type !== 'item') return;
      const item = { ...event.item, ContactId: event.contactId, InitialContactId: event.contactId };
      tell(listeners.message, { topic: CHATS, contentType: 'application/json', content: JSON.stringify(item) });
    },
    onState: (state) => {
      const before = open;
      open = state === 'open';
      if (open && !before) tell(listeners.gain);
      if (!open && before) tell(listeners.lost);
      if (state === 'refused') tell(listeners.refused);
    },
  });
  socket.start();
  return {
    // The event socket has all of the agent's chats from the beginning.
    subscribeTopics: () => undefined,
    onMessage: (topic, listener) => (topic === CHATS ? add(listeners.message, listener) : () => undefined),
    onConnectionGain: (listener) => {
      // Whoever comes when it is there already hears of it all the same, but not before the caller has gone on.
      if (open) queueMicrotask(() => open && listeners.gain.has(listener) && listener());
      return add(listeners.gain, listener);
    },
    onConnectionLost: (listener) => add(listeners.lost, listener),
    onInitFailure: (listener) => add(listeners.refused, listener),
    closeWebSocket: () => socket.stop(),
  };
}
