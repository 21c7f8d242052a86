// A place for one more in a call of pages, taken through the interfaces.
import { Api, type JoinInfo } from './api.ts';

export interface Wanted {
  url: string; // the server's
  owner: { username: string; password: string };
  meetingId: string; // the external one
  name: string;
  userId: string;
}

export interface Place {
  signalingUrl: string;
  attendee: JoinInfo['Attendee'];
}

export async function takePlace({ url, owner, meetingId, name, userId }: Wanted): Promise<Place> {
  const api = new Api(url);
  await api.logIn(owner);
  // Whoever owns the meeting gets its data again.
  const { JoinInfo } = await api.ok<{ JoinInfo: JoinInfo & { Meeting: { MediaPlacement: { SignalingUrl: string } } } }>(
    'POST',
    '/api/chime/meeting',
    { externalMeetingId: meetingId, meetingTitle: meetingId, meetingAttendees: [{ attendeeName: 'the owner', isOwner: true }] },
  );
  const attendee = await api.ok<JoinInfo['Attendee']>('POST', '/api/chime/attendee', {
    externalMeetingId: meetingId,
    attendeeExternalUserId: userId,
    attendeeName: name,
  });
  return { signalingUrl: JoinInfo.Meeting.MediaPlacement.SignalingUrl, attendee };
}
