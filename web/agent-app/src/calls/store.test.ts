import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttendeeFacts, EndReason, JoinInfo, MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import type { CentreEvent, Contact } from '../centre/types';
import { callOf, callsLeaveQuietly, endCallForAll, isRecorder, joinCall, leaveCall, openCall, toggleRecording } from './store';
import { clearedMeetings } from './watch';

const server = vi.hoisted(() => ({ calls: [] as string[], attendees: {} as Record<string, AttendeeFacts>, inProgress: {} as Record<string, boolean> }));
const media = vi.hoisted(() => ({ sessions: new Map<string, { push: (part: Partial<MediaSnapshot>) => void; left: string[] }>() }));

vi.mock('../api/meetings', () => ({
  meetingsApi: {
    create: async (id: string): Promise<JoinInfo> => ({
      Meeting: { MeetingId: `m-${id}` },
      Attendee: { AttendeeId: `agent-${id}`, ExternalUserId: `owner-${id}`, JoinToken: 't' },
    }),
    end: async (id: string) => void server.calls.push(`end ${id}`),
    attendee: async (id: string, user: string) => server.attendees[`${id}/${user}`] ?? { name: 'Somebody', role: 'other' },
  },
}));
vi.mock('../api/recordings', () => ({
  recordingsApi: {
    start: async (id: string) => {
      server.calls.push(`start ${id}`);
      return { recordingId: `rec-${id}` };
    },
    stop: async (id: string) => {
      server.calls.push(`stop ${id}`);
      return { recordingsStopped: 1, recordingsNotStopped: 0 };
    },
  },
}));
vi.mock('../api/agent', () => ({ agentApi: { state: async () => ({ contacts: [] }) } }));
vi.mock('./announce', () => ({ announceRecording: () => {}, announceEndFailed: () => {} }));
vi.mock('@upcall/shared/media/session', () => ({
  joinMedia: async (join: JoinInfo): Promise<MediaSession> => {
    let snapshot = { phase: 'connected', attendees: [], tiles: [], muted: false, cameraOn: true } as unknown as MediaSnapshot;
    const listeners = new Set<(snapshot: MediaSnapshot) => void>();
    const push = (part: Partial<MediaSnapshot>) => {
      snapshot = { ...snapshot, ...part };
      for (const listener of listeners) listener(snapshot);
    };
    const left: string[] = [];
    media.sessions.set(join.Meeting.MeetingId, { push, left });
    return {
      get snapshot() {
        return snapshot;
      },
      subscribe: (listener: (snapshot: MediaSnapshot) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      current: () => ({}),
      leave: async (reason: EndReason = 'left') => {
        left.push(reason);
        push({ phase: 'ended', endReason: reason });
      },
    } as unknown as MediaSession;
  },
}));

const contact = (id: string): Contact => ({
  contactId: `contact-${id}`,
  state: 'connected',
  attributes: {
    videoExternalMeetingId: id,
    videoAttendeeExternalUserId: `customer-${id}`,
    videoAttendeeName: `Customer ${id}`,
    videoRecordingStartStopEnabled: 'TRUE',
  },
});
const OPTIONS = { microphone: null, camera: null, speaker: null, quality: '720p', muted: true, cameraOn: false } as const;
const attendee = (externalUserId: string) => ({
  attendeeId: externalUserId, externalUserId, isSelf: false, muted: false, level: 0, signal: undefined, cameraOn: false, sharing: false,
});
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

async function twoCalls(): Promise<void> {
  for (const id of ['A', 'B']) {
    await openCall({ meetingId: id, ownName: 'Alice', contact: contact(id) });
    await joinCall(id, OPTIONS);
  }
}

beforeEach(() => {
  server.calls.length = 0;
  media.sessions.clear();
  server.attendees = {
    'A/rec-A': { name: 'RECORDING', role: 'recording' },
    'A/guest': { name: 'Guest', role: 'other' },
    'A/namesake': { name: 'RECORDING', role: 'other' },
  };
  window.vceConfig = { deployRecordingStack: 'true' };
});
afterEach(callsLeaveQuietly);

describe('two contacts', () => {
  // acceptance: 37
  it('never touch each other when one is cleared', async () => {
    await twoCalls();
    const gone: CentreEvent = { seq: 1, type: 'contact', contactId: 'contact-A', state: 'none' };
    expect(clearedMeetings(gone)).toEqual(['A']);
    await endCallForAll('A');
    expect(server.calls).toEqual(['end A']);
    expect(callOf('A')?.media).toMatchObject({ phase: 'ended', endReason: 'ended' });
    expect(callOf('B')?.media?.phase).toBe('connected');
    expect(media.sessions.get('m-B')?.left).toEqual([]);
  });

  it('are told apart by a snapshot too, and after-contact work ends nothing', async () => {
    await twoCalls();
    const agent = { agentId: 'a', username: 'a', name: 'a', status: 'available' as const };
    const contacts = [{ ...contact('A'), state: 'ended' as const }];
    expect(clearedMeetings({ seq: 1, type: 'snapshot', epoch: 'e', agent, contacts })).toEqual(['B']);
    expect(clearedMeetings({ seq: 2, type: 'contact', contactId: 'contact-A', state: 'ended' })).toEqual([]);
  });

  it('have a recording each', async () => {
    await twoCalls();
    toggleRecording('A');
    await settle();
    media.sessions.get('m-A')?.push({ attendees: [attendee('rec-A')] });
    await settle();
    expect(callOf('A')?.recording.status).toBe('STARTED');
    expect(callOf('B')?.recording.status).toBe('NOT_STARTED');
    await leaveCall('B');
    expect(server.calls).toEqual(['start A']);
    await leaveCall('A');
    expect(server.calls).toEqual(['start A', 'stop A']);
  });

  it('end in this order: the recording, the meeting, this page', async () => {
    await twoCalls();
    toggleRecording('A');
    await endCallForAll('A');
    expect(server.calls).toEqual(['start A', 'stop A', 'end A']);
  });
});

describe('people of a call', () => {
  it('are asked for once, each in its own call', async () => {
    await twoCalls();
    media.sessions.get('m-A')?.push({ attendees: [attendee('customer-A'), attendee('guest')] });
    await settle();
    const call = callOf('A');
    expect(call?.people).toMatchObject({ 'owner-A': { name: 'Alice' }, 'customer-A': { name: 'Customer A' }, guest: { name: 'Guest' } });
    expect(callOf('B')?.people.guest).toBeUndefined();
  });

  it('are the recording by their role, whatever their name', async () => {
    await twoCalls();
    media.sessions.get('m-A')?.push({ attendees: [attendee('namesake')] });
    await settle();
    expect(isRecorder(callOf('A')!, 'namesake')).toBe(false);
    expect(callOf('A')?.recording.present).toBe(false);
    // Before the page knows of any recording: somebody else may have started it.
    media.sessions.get('m-A')?.push({ attendees: [attendee('namesake'), attendee('rec-A')] });
    await settle();
    expect(isRecorder(callOf('A')!, 'rec-A')).toBe(true);
    expect(callOf('A')?.recording.present).toBe(true);
    toggleRecording('A');
    await settle();
    expect(isRecorder(callOf('A')!, 'namesake')).toBe(false);
    expect(isRecorder(callOf('A')!, 'rec-A')).toBe(true);
  });

  it('who has the name of the recording and is the customer is the customer', async () => {
    const named = contact('A');
    await openCall({ meetingId: 'A', ownName: 'RECORDING', contact: { ...named, attributes: { ...named.attributes, videoAttendeeName: 'RECORDING' } } });
    expect(['owner-A', 'customer-A'].map((id) => isRecorder(callOf('A')!, id))).toEqual([false, false]);
  });

  // acceptance: 29
  it('a meeting without a contact invites nobody and is not recorded', async () => {
    const call = await openCall({ meetingId: 'solo', ownName: 'Alice' });
    expect(call).toMatchObject({ contactId: undefined, customerName: '', canRecord: false });
  });
});
