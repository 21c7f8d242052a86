import { session } from '../session/session';
import type { AgentState, AgentStatus, ChatItem } from '../centre/types';

const contactPath = (contactId: string, what: string) => `/api/agent/contacts/${encodeURIComponent(contactId)}/${what}`;

export type ContactAction = 'accept' | 'reject' | 'end' | 'clear';

export const agentApi = {
  state: () => session.data<AgentState>('/api/agent/state'),
  setStatus: (status: AgentStatus) => session.data<unknown>('/api/agent/status', { method: 'PUT', body: { status } }),
  act: (contactId: string, action: ContactAction) => session.data<unknown>(contactPath(contactId, action), { method: 'POST' }),
  items: (contactId: string, after: number) =>
    session.data<{ items: ChatItem[] }>(`${contactPath(contactId, 'items')}?after=${after}`),
  send: (contactId: string, content: string, clientToken: string) =>
    session.data<{ id: string; absoluteTime: string }>(contactPath(contactId, 'items'), { body: { content, clientToken } }),
  sendEvent: (contactId: string, contentType: string) =>
    session.data<unknown>(contactPath(contactId, 'items'), { body: { type: 'event', contentType } }),
};
