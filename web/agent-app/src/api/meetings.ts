import type { AttendeeFacts, JoinInfo } from '@upcall/shared/media/types';
import { session } from '../session/session';

export interface MeetingAttendee {
  attendeeName: string;
  attendeeEmail?: string;
  externalUserId?: string;
  isOwner?: boolean;
}

export const meetingsApi = {
  /** Answers the same join data as long as the meeting lives. */
  create: async (externalMeetingId: string, meetingAttendees: MeetingAttendee[]): Promise<JoinInfo> =>
    (
      await session.data<{ JoinInfo: JoinInfo }>('/api/chime/meeting', {
        body: { externalMeetingId, meetingTitle: externalMeetingId, meetingAttendees },
      })
    ).JoinInfo,
  end: (externalMeetingId: string) =>
    session.data<unknown>('/api/chime/meeting', { method: 'DELETE', body: { externalMeetingId }, keepalive: true }),
  /** Takes somebody out; only an invitation brings them back. */
  remove: (externalMeetingId: string, attendeeExternalUserId: string) =>
    session.data<unknown>('/api/chime/attendee', { method: 'DELETE', body: { externalMeetingId, attendeeExternalUserId } }),
  attendee: (externalMeetingId: string, attendeeExternalUserId: string) =>
    session.data<AttendeeFacts>(`/api/chime/attendee?${new URLSearchParams({ externalMeetingId, attendeeExternalUserId })}`),
};
