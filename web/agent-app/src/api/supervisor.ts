import type { AgentStatus } from '../centre/types';
import type { PersonQuality } from '../quality/types';
import { session } from '../session/session';

export interface LiveContact {
  contactId: string;
  state: 'flow' | 'queued' | 'offered' | 'connected';
  customer: string;
  queue: string;
  startedAt: string;
  queuedAt: string;
  connectedAt?: string;
  agent?: { agentId: string; name: string };
  /** Watched by this supervisor; `barged`: and they are in the chat. */
  monitored: boolean;
  barged: boolean;
}

export interface LiveQueue {
  queueId: string;
  name: string;
  waiting: number;
  oldestQueuedAt?: string;
}

export interface LiveAgent {
  agentId: string;
  name: string;
  status: AgentStatus;
  statusId: string;
  statusName: string;
  contacts: number;
}

export interface Live {
  /** The server's time of all of it. */
  at: string;
  contacts: LiveContact[];
  queues: LiveQueue[];
  agents: LiveAgent[];
}

interface Page extends Partial<Live> {
  at: string;
  contacts: LiveContact[];
  next?: string;
}

export interface Watching {
  contactId: string;
  participantId: string;
  participantToken: string;
}

const PATH = '/api/supervisor/contacts';
/** More than that nobody looks at. */
const PAGES_MAX = 5;

const act = <T>(contactId: string, what: string) => session.data<T>(`${PATH}/${encodeURIComponent(contactId)}/${what}`, { method: 'POST' });

export const supervisorApi = {
  live: async (): Promise<Live> => {
    const { next, ...first } = await session.data<Page>(PATH);
    const live: Live = { queues: [], agents: [], ...first };
    for (let after = next, page = 1; after && page < PAGES_MAX; page += 1) {
      const more: Page = await session.data<Page>(`${PATH}?after=${encodeURIComponent(after)}`);
      live.contacts.push(...more.contacts);
      after = more.next;
    }
    return live;
  },
  monitor: (contactId: string) => act<Watching>(contactId, 'monitor'),
  stepIn: (contactId: string) => act<unknown>(contactId, 'barge'),
  /** Of the contact's call, for whoever watches the contact. */
  quality: (contactId: string, signal?: AbortSignal) =>
    session.data<{ people: (PersonQuality & { name?: string })[] }>(`${PATH}/${encodeURIComponent(contactId)}/quality`, { signal }),
  leave: (contactId: string) => act<unknown>(contactId, 'leave'),
};
