// What the agent sees of the contact centre, as a pure function of the server's events. Every part is kept by contact id.
import { addReceipts } from '@upcall/shared/participant/receipts';
import type { PersonQuality } from '../quality/types';
import { type Agent, type CentreEvent, type ChatItem, type Contact, EVENT } from './types';

export interface Pending {
  clientToken: string;
  content: string;
  state: 'sending' | 'failed';
}

export interface Chat {
  items: ChatItem[];
  pending: Pending[];
  unread: number;
  /** Unix milliseconds of the customer's last sign of typing; 0: not typing. */
  typingAt: number;
  /** The transcript up to the events seen was read. */
  loaded: boolean;
  failed: boolean;
}

export interface Centre {
  agent: Agent | undefined;
  /** In the order in which they came. */
  contacts: Contact[];
  chats: Record<string, Chat>;
  /** The contact that is looked at: its messages are not unread. */
  watched: string | undefined;
  /** How the people of calls fare now. */
  quality: Record<string, PersonQuality[]>;
}

export const EMPTY_CENTRE: Centre = { agent: undefined, contacts: [], chats: {}, watched: undefined, quality: {} };
export const EMPTY_CHAT: Chat = { items: [], pending: [], unread: 0, typingAt: 0, loaded: false, failed: false };

/** How long a sign of typing is good for. */
export const TYPING_MS = 12_000;

export function applyEvent(centre: Centre, event: CentreEvent, now: number): Centre {
  switch (event.type) {
    case 'snapshot': {
      const chats: Record<string, Chat> = {};
      // Between two snapshots events may be lost: what was read stays, the rest is read again.
      for (const { contactId } of event.contacts) {
        chats[contactId] = { ...(centre.chats[contactId] ?? EMPTY_CHAT), loaded: false, typingAt: 0 };
      }
      return { ...centre, agent: event.agent, contacts: event.contacts, chats };
    }
    case 'quality':
      return { ...centre, quality: { ...centre.quality, [event.contactId]: event.people } };
    case 'agent':
      return { ...centre, agent: event.agent };
    case 'contact':
      return applyContact(centre, event);
    case 'item':
      return applyItem(centre, event.contactId, event.item, now);
  }
}

function applyContact(centre: Centre, event: Extract<CentreEvent, { type: 'contact' }>): Centre {
  const { contactId, state } = event;
  if (state === 'none') {
    const { [contactId]: _gone, ...chats } = centre.chats;
    const { [contactId]: _ended, ...quality } = centre.quality;
    return { ...centre, contacts: centre.contacts.filter((contact) => contact.contactId !== contactId), chats, quality };
  }
  const before = centre.contacts.find((contact) => contact.contactId === contactId);
  const contact: Contact = event.contact ?? { ...before, contactId, state };
  const contacts = before
    ? centre.contacts.map((other) => (other.contactId === contactId ? contact : other))
    : [...centre.contacts, contact];
  return { ...centre, contacts, chats: { ...centre.chats, [contactId]: centre.chats[contactId] ?? EMPTY_CHAT } };
}

function applyItem(centre: Centre, contactId: string, item: ChatItem, now: number): Centre {
  const chat = centre.chats[contactId] ?? EMPTY_CHAT;
  const put = (next: Chat): Centre => ({ ...centre, chats: { ...centre.chats, [contactId]: next } });
  if (item.ContentType === EVENT.typing) return put({ ...chat, typingAt: item.ParticipantRole === 'AGENT' ? chat.typingAt : now });
  // What the scan of a file said comes as the same item again.
  if (item.Type === 'ATTACHMENT' && chat.items.some((known) => known.Id === item.Id)) {
    return put({ ...chat, items: chat.items.map((known) => (known.Id === item.Id ? item : known)) });
  }
  if (item.Type === 'MESSAGEMETADATA') return put({ ...chat, items: [...addReceipts(chat.items, item.MessageMetadata)] });
  if (chat.items.some((known) => known.Id === item.Id)) return centre;
  const fromCustomer = item.Type === 'MESSAGE' && item.ParticipantRole === 'CUSTOMER';
  const isUnread = fromCustomer && centre.watched !== contactId;
  return put({
    ...chat,
    items: merge(chat.items, [item]),
    pending: item.ParticipantRole === 'AGENT' ? withoutFirst(chat.pending, item.Content) : chat.pending,
    unread: chat.unread + (isUnread ? 1 : 0),
    typingAt: fromCustomer ? 0 : chat.typingAt,
  });
}

/** The own message has come over the socket before its answer: it is not shown twice. */
function withoutFirst(pending: Pending[], content: string | undefined): Pending[] {
  const at = pending.findIndex((message) => message.content === content && message.state === 'sending');
  return at < 0 ? pending : pending.toSpliced(at, 1);
}

/** By time; an item that is there already stays as it is. */
export function merge(known: ChatItem[], more: ChatItem[]): ChatItem[] {
  const ids = new Set(known.map((item) => item.Id));
  const fresh = more.filter((item) => !ids.has(item.Id) && item.Type !== 'MESSAGEMETADATA');
  if (fresh.length === 0) return known;
  return [...known, ...fresh].sort((a, b) => (a.AbsoluteTime < b.AbsoluteTime ? -1 : a.AbsoluteTime > b.AbsoluteTime ? 1 : 0));
}

export function changeChat(centre: Centre, contactId: string, change: (chat: Chat) => Chat): Centre {
  const chat = centre.chats[contactId];
  return chat ? { ...centre, chats: { ...centre.chats, [contactId]: change(chat) } } : centre;
}

/** What is looked at has been read. */
export function lookAt(centre: Centre, contactId: string | undefined): Centre {
  const read = contactId === undefined ? centre : changeChat(centre, contactId, (chat) => ({ ...chat, unread: 0 }));
  return { ...read, watched: contactId };
}

/** What an agent counts as work at hand: offers first, then conversations, then after-contact work. */
export function sortedContacts(contacts: Contact[]): Contact[] {
  const rank: Record<Contact['state'], number> = { connecting: 0, connected: 1, missed: 2, ended: 3, rejected: 4 };
  return contacts.toSorted((a, b) => rank[a.state] - rank[b.state]);
}
