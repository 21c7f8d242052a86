// The words of the agent's interface (/api/agent) as the pages use them.
import type { PersonQuality } from '../quality/types';
import type { Attachment } from '@upcall/shared/participant/files';
import type { MessageMetadata } from '@upcall/shared/participant/receipts';

export type AgentStatus = 'available' | 'not_routable' | 'offline';

/** A status to choose: `statusId` is sent, `status` is what it means for routing. */
export interface StatusChoice {
  statusId: string;
  name: string;
  status: AgentStatus;
}

export interface QuickConnects {
  agents: { agentId: string; name: string; statusName: string; available: boolean }[];
  queues: { queueId: string; name: string; waiting: number }[];
}

export interface Agent {
  agentId: string;
  username: string;
  name: string;
  status: AgentStatus;
  statusId?: string;
  statusName?: string;
  nextStatus?: { statusId: string; statusName: string };
}

/** connecting: offered; ended: after-contact work. */
export type ContactState = 'connecting' | 'connected' | 'ended' | 'missed' | 'rejected';

export interface Participant {
  participantId: string;
  role: 'CUSTOMER' | 'AGENT' | 'SYSTEM' | 'CUSTOM_BOT' | 'SUPERVISOR';
  displayName: string;
  present: boolean;
  /** This agent's own. After a transfer back there are several. */
  you?: boolean;
}

export interface Contact {
  contactId: string;
  state: ContactState;
  startedAt?: string;
  queuedAt?: string;
  connectedAt?: string;
  endedAt?: string;
  endReason?: string;
  queue?: { name?: string; personal: boolean };
  attributes?: Record<string, string>;
  participants?: Participant[];
  /** It goes on with somebody else; what is left here is after-contact work. */
  handedOn?: boolean;
  /** On its way to another agent, who has not accepted yet. */
  transfer?: { state: 'waiting' | 'offered'; from?: string; to?: string };
}

/** Of a contact, as GET /api/agent/state tells it. */
export interface MeetingState {
  externalMeetingId: string;
  live: boolean;
  owned: boolean;
  /** `resumesInMs`: it is paused, and goes on by itself in this time. */
  recording?: { inProgress: boolean; recordingId?: string; status?: string; resumesInMs?: number };
}

export interface AgentState extends Agent {
  contacts: (Contact & { meeting?: MeetingState })[];
}

export interface ChatItem {
  Id: string;
  Type: 'MESSAGE' | 'EVENT' | 'ATTACHMENT' | 'MESSAGEMETADATA' | 'CONNECTION_ACK';
  ContentType: string;
  AbsoluteTime: string;
  Content?: string;
  ParticipantId?: string;
  ParticipantRole?: Participant['role'];
  DisplayName?: string;
  ContactId?: string;
  Attachments?: Attachment[];
  MessageMetadata?: MessageMetadata;
  seq?: number;
}

export const EVENT = {
  typing: 'application/vnd.amazonaws.connect.event.typing',
  joined: 'application/vnd.amazonaws.connect.event.participant.joined',
  left: 'application/vnd.amazonaws.connect.event.participant.left',
  ended: 'application/vnd.amazonaws.connect.event.chat.ended',
  idle: 'application/vnd.amazonaws.connect.event.participant.idle',
  autoDisconnection: 'application/vnd.amazonaws.connect.event.participant.autodisconnection',
  transferFailed: 'application/vnd.amazonaws.connect.event.transfer.failed',
  invitation: 'application/vnd.upcall.event.video.invitation',
  invitationAcknowledged: 'application/vnd.upcall.event.video.invitation.acknowledged',
} as const;

export type CentreEvent =
  | { seq: number; type: 'snapshot'; epoch: string; agent: Agent; contacts: Contact[] }
  | { seq: number; type: 'agent'; agent: Agent }
  | { seq: number; type: 'contact'; contactId: string; state: ContactState | 'none'; contact?: Contact }
  | { seq: number; type: 'item'; contactId: string; item: ChatItem }
  | { type: 'quality'; contactId: string; meetingId: string; people: PersonQuality[] };

/** Attributes with a meaning for the pages. */
export const ATTRIBUTE = {
  meetingId: 'videoExternalMeetingId',
  customerUserId: 'videoAttendeeExternalUserId',
  customerName: 'videoAttendeeName',
  customerEmail: 'videoAttendeeEmail',
  autoRecording: 'videoRecordingAutoStartEnabled',
  recordingControl: 'videoRecordingStartStopEnabled',
  playbackUrl: 'videoRecordingPlaybackURL',
} as const;

export function attribute(contact: Contact | undefined, name: string): string {
  return contact?.attributes?.[name]?.trim() ?? '';
}

export function isTrue(contact: Contact | undefined, name: string): boolean {
  return attribute(contact, name).toLowerCase() === 'true';
}

/** The customer's name, '' when nobody has said it. */
export function customerName(contact: Contact): string {
  const customer = contact.participants?.find((participant) => participant.role === 'CUSTOMER');
  return customer?.displayName || attribute(contact, ATTRIBUTE.customerName) || attribute(contact, 'customerName');
}

export function isCustomerPresent(contact: Contact): boolean {
  return contact.participants?.some((participant) => participant.role === 'CUSTOMER' && participant.present) ?? false;
}
