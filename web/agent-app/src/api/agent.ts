import { session } from '../session/session';
import type { AgentState, ChatItem, QuickConnects, StatusChoice } from '../centre/types';

const contactPath = (contactId: string, what: string) => `/api/agent/contacts/${encodeURIComponent(contactId)}/${what}`;

export type ContactAction = 'accept' | 'reject' | 'end' | 'clear';

export const agentApi = {
  state: () => session.data<AgentState>('/api/agent/state'),
  statuses: () => session.data<{ statuses: StatusChoice[] }>('/api/agent/statuses'),
  quickConnects: (search: string) => session.data<QuickConnects>(`/api/agent/quick-connects?search=${encodeURIComponent(search)}`),
  transfer: (contactId: string, to: { agentId: string } | { queueId: string }) =>
    session.data<unknown>(contactPath(contactId, 'transfer'), { body: to }),
  cancelTransfer: (contactId: string) => session.data<unknown>(contactPath(contactId, 'transfer'), { method: 'DELETE' }),
  attachment: (contactId: string, attachmentId: string) =>
    session.data<{ url: string }>(contactPath(contactId, `attachments/${encodeURIComponent(attachmentId)}`)),
  /** `afterContacts`: no further offers, and the status comes when the last contact is cleared. */
  startAttachment: (contactId: string, file: { name: string; contentType: string; sizeInBytes: number; clientToken: string }) =>
    session.data<{ attachmentId: string; url: string }>(contactPath(contactId, 'attachments'), { body: file }),
  completeAttachment: (contactId: string, attachmentId: string) =>
    session.data<unknown>(contactPath(contactId, `attachments/${encodeURIComponent(attachmentId)}/complete`), { method: 'POST' }),
  setStatus: (status: string, afterContacts = false) =>
    session.data<unknown>('/api/agent/status', { method: 'PUT', body: { status, ...(afterContacts ? { afterContacts } : {}) } }),
  act: (contactId: string, action: ContactAction) => session.data<unknown>(contactPath(contactId, action), { method: 'POST' }),
  items: (contactId: string, after: number) =>
    session.data<{ items: ChatItem[] }>(`${contactPath(contactId, 'items')}?after=${after}`),
  send: (contactId: string, content: string, clientToken: string) =>
    session.data<{ id: string; absoluteTime: string }>(contactPath(contactId, 'items'), { body: { content, clientToken } }),
  sendEvent: (contactId: string, contentType: string, content?: object) =>
    session.data<unknown>(contactPath(contactId, 'items'), {
      body: { type: 'event', contentType, ...(content ? { content: JSON.stringify(content) } : {}) },
    }),
};
