import { session } from '../session/session';
import type { ChatItem } from '../centre/types';
import type { Stay } from '../quality/types';

interface Named {
  name: string;
}

/** A contact that is over, as the search lists it. */
export interface FoundContact {
  contactId: string;
  channel: 'chat' | 'video';
  initiatedAt: string;
  endedAt: string;
  customerName: string;
  outcome: string;
  endReason: string;
  segments: number;
  recorded: boolean;
  agent?: Named & { agentId: string };
  queue?: Named & { queueId: string };
}

export interface Segment {
  number: number;
  queue: Named & { personal: boolean };
  agent?: Named;
  queuedAt: string;
  connectedAt?: string;
  endedAt?: string;
  endReason?: string;
}

export interface TimelineStep {
  kind: string;
  at: string;
  agent?: Named;
  queue?: Named & { personal: boolean };
  name?: string;
  reason?: string;
  segment?: number;
  toSegment?: number;
}

export interface ContactRecording {
  recordingId: string;
  externalMeetingId: string;
  status: string;
  startedAt: string;
  endedAt?: string;
  durationMs?: number;
  /** Of the page that plays it; absent: not for this viewer. */
  playbackPath?: string;
}

export interface ContactPageData extends FoundContact {
  attributes: Record<string, string>;
  segmentList: Segment[];
  timeline: TimelineStep[];
  recordings: ContactRecording[];
}

export interface SearchChoices {
  queues: (Named & { queueId: string })[];
  agents: (Named & { agentId: string; username: string })[];
}

const contactPath = (contactId: string) => `/api/contacts/${encodeURIComponent(contactId)}`;

export const contactsApi = {
  search: (query: URLSearchParams, signal?: AbortSignal) =>
    session.data<{ contacts: FoundContact[]; next?: string }>(`/api/contact-search?${query}`, { signal }),
  choices: (agent: string, signal?: AbortSignal) =>
    session.data<SearchChoices>(`/api/contact-search/choices?agent=${encodeURIComponent(agent)}`, { signal }),
  contact: (contactId: string) => session.data<ContactPageData>(contactPath(contactId)),
  quality: (contactId: string) => session.data<{ stays: Stay[] }>(`${contactPath(contactId)}/quality`),
  /** Put in the audit log. `after`: a page's `next`. */
  transcript: (contactId: string, after = 0) =>
    session.data<{ items: ChatItem[]; next?: number }>(`${contactPath(contactId)}/transcript?after=${after}`),
  attachment: (contactId: string, attachmentId: string) =>
    session.data<{ url: string }>(`${contactPath(contactId)}/attachments/${encodeURIComponent(attachmentId)}`),
};
