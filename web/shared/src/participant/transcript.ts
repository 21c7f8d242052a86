// The chat as a list: merging what the socket brings with what the transcript says, without doubles and in order.
// And what follows from the list: who is there, whether it is over, which invitation stands. Pure functions.
import { ContentType, type ChatItem, type Invitation, type QueuePlace } from './types';

/**
 * A page of the transcript is a run without holes in the server's order: it replaces what is known of it. It goes behind
 * the item `after`, or where it overlaps, or before everything: clocks have milliseconds only and do not decide.
 */
export function mergePage(items: readonly ChatItem[], page: readonly ChatItem[], after?: string): ChatItem[] {
  const ids = new Set(page.map((item) => item.Id));
  const rest = items.filter((item) => !ids.has(item.Id));
  const overlap = items.findIndex((item) => ids.has(item.Id));
  const at = after === undefined ? Math.max(overlap, 0) : rest.findIndex((item) => item.Id === after) + 1;
  return [...rest.slice(0, at), ...page, ...rest.slice(at)];
}

/** An item from the socket; items come in order, repeats (of an invitation) carry the id that is known already. */
export function mergeItem(items: readonly ChatItem[], item: ChatItem): readonly ChatItem[] {
  if (!items.some((known) => known.Id === item.Id)) return [...items, item];
  // What the scan of a file said comes as the same item again.
  return item.Type === 'ATTACHMENT' ? items.map((known) => (known.Id === item.Id ? item : known)) : items;
}

export function isEnded(items: readonly ChatItem[]): boolean {
  return items.some((item) => item.ContentType === ContentType.ended);
}

/** The name of the agent who joined last and has not left. */
export function presentAgent(items: readonly ChatItem[]): string | null {
  let name: string | null = null;
  for (const item of items) {
    if (item.ParticipantRole !== 'AGENT') continue;
    if (item.ContentType === ContentType.joined) name = item.DisplayName ?? '';
    if (item.ContentType === ContentType.left) name = null;
  }
  return name;
}

export function latestInvitation(items: readonly ChatItem[]): Invitation | null {
  for (let i = items.length - 1; i >= 0; --i) {
    const invitation = readInvitation(items[i]!);
    if (invitation) return invitation;
  }
  return null;
}

export function isAcknowledged(items: readonly ChatItem[], invitationId: string): boolean {
  return items.some((item) => item.ContentType === ContentType.invitationAcknowledged && readJson(item.Content)['invitationId'] === invitationId);
}

/** A message of an agent can look like anything; only an event of our own type, sent by an agent, is an invitation. */
export function readInvitation(item: ChatItem): Invitation | null {
  if (item.Type !== 'EVENT' || item.ContentType !== ContentType.invitation) return null;
  const { invitationId, externalMeetingId, attendeeExternalUserId } = readJson(item.Content);
  if (typeof invitationId !== 'string' || typeof externalMeetingId !== 'string' || typeof attendeeExternalUserId !== 'string') return null;
  return { invitationId, externalMeetingId, attendeeExternalUserId, from: item.DisplayName ?? '' };
}

export function readQueuePlace(item: ChatItem): QueuePlace | null {
  if (item.Type !== 'EVENT' || item.ContentType !== ContentType.queuePosition) return null;
  const { position, queueLength } = readJson(item.Content);
  if (!isCount(position)) return null;
  return { position, length: isCount(queueLength) ? Math.max(queueLength, position) : position };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1;
}

function readJson(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
