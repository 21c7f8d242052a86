// The words of the chat: what the participant interface sends, and what a page shows of it.

import type { Attachment, Upload } from './files';
import type { MessageMetadata } from './receipts';

const EVENT = 'application/vnd.amazonaws.connect.event.';
const OWN_EVENT = 'application/vnd.upcall.event.';

export const ContentType = {
  text: 'text/plain',
  markdown: 'text/markdown',
  typing: `${EVENT}typing`,
  joined: `${EVENT}participant.joined`,
  left: `${EVENT}participant.left`,
  ended: `${EVENT}chat.ended`,
  idle: `${EVENT}participant.idle`,
  returned: `${EVENT}participant.returned`,
  autoDisconnection: `${EVENT}participant.autodisconnection`,
  invitation: `${OWN_EVENT}video.invitation`,
  invitationAcknowledged: `${OWN_EVENT}video.invitation.acknowledged`,
  queuePosition: `${OWN_EVENT}queue.position`,
} as const;

export type Role = 'CUSTOMER' | 'AGENT' | 'SYSTEM' | 'SUPERVISOR';

/** One item as it stands in the transcript and on the socket. */
export interface ChatItem {
  Id: string;
  AbsoluteTime: string;
  Type: string;
  ContentType: string;
  Content?: string;
  ParticipantId?: string;
  ParticipantRole?: Role;
  DisplayName?: string;
  Attachments?: Attachment[];
  MessageMetadata?: MessageMetadata;
}

/** What start-chat answers: the right to take part in one chat. */
export interface ChatCredentials {
  contactId: string;
  participantId: string;
  participantToken: string;
}

export interface Invitation {
  invitationId: string;
  externalMeetingId: string;
  attendeeExternalUserId: string;
  from: string;
}

export interface QueuePlace {
  position: number;
  length: number;
}

/** A message of our own that the server has not confirmed. */
export interface PendingMessage {
  clientToken: string;
  text: string;
  status: 'sending' | 'failed';
  failure?: FailureKind;
}

export type FailureKind = 'network' | 'ended' | 'throttled' | 'invalid' | 'server';

/**
 * connecting: the first connection is being made. online. offline: lost, coming back by itself.
 * ended: the chat is over. expired: the stored right to the chat is no longer taken.
 */
export type Connection = 'connecting' | 'online' | 'offline' | 'ended' | 'expired';

export interface ChatState {
  connection: Connection;
  items: readonly ChatItem[];
  pending: readonly PendingMessage[];
  uploads: readonly Upload[];
  hasOlder: boolean;
  loadingOlder: boolean;
  /** Name of who writes at the moment. */
  typing: string | null;
  queue: QueuePlace | null;
  /** Name of the agent who is in the chat. */
  agent: string | null;
  invitation: Invitation | null;
}

export class ChatFailure extends Error {
  readonly kind: FailureKind;
  readonly status: number;

  constructor(kind: FailureKind, status = 0) {
    super(kind);
    this.name = 'ChatFailure';
    this.kind = kind;
    this.status = status;
  }
}
