// The chat of this tab, kept over a reload. A closed tab forgets it.
import type { ChatCredentials } from './types';

export interface StoredChat extends ChatCredentials {
  customerName: string;
}

const KEY = 'upcall.chat';
const FIELDS = ['contactId', 'participantId', 'participantToken', 'customerName'] as const;

export function saveChat(chat: StoredChat, storage: Storage | null = tabStorage()): void {
  try {
    storage?.setItem(KEY, JSON.stringify(chat));
  } catch {
    // Storage that is full or forbidden: the chat works, a reload starts anew.
  }
}

export function loadChat(storage: Storage | null = tabStorage()): StoredChat | null {
  try {
    const value = JSON.parse(storage?.getItem(KEY) ?? 'null') as Record<string, unknown> | null;
    if (!value || !FIELDS.every((field) => typeof value[field] === 'string')) return null;
    return value as unknown as StoredChat;
  } catch {
    return null;
  }
}

export function forgetChat(storage: Storage | null = tabStorage()): void {
  try {
    storage?.removeItem(KEY);
  } catch {
    // Nothing was kept then.
  }
}

/** Reading the property itself throws where storage is forbidden. */
function tabStorage(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}
