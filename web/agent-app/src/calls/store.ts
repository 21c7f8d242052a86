// The calls of this agent, each under its meeting's id: nothing of one call is ever read or written through another.
import { create } from 'zustand';
import { ApiError } from '@upcall/shared/api/http';
import { readConfig } from '@upcall/shared/frontend-config';
import type { AttendeeFacts, JoinInfo, JoinOptions, MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { type MeetingAttendee, meetingsApi } from '../api/meetings';
import { ATTRIBUTE, attribute, type Contact, customerName, isTrue } from '../centre/types';
import { keepInCall } from './preferences';
import { PauseDriver } from './pause-driver';
import { NOT_PAUSED, type PauseState } from './pause-machine';
import { RecordingDriver } from './recording-driver';
import { INITIAL_RECORDING, type RecordingState } from './recording-machine';

export interface Call {
  meetingId: string;
  /** None for a meeting without a customer's contact. */
  contactId: string | undefined;
  ownName: string;
  customerName: string;
  join: JoinInfo;
  /** Its contact is another agent's now, and the call with it. */
  handedOn: boolean;
  session: MediaSession | undefined;
  media: MediaSnapshot | undefined;
  /** Unix milliseconds. */
  joinedAt: number | undefined;
  /** By external user id, as far as known. */
  people: Readonly<Record<string, AttendeeFacts>>;
  recording: RecordingState;
  /** The agent may start and stop the recording. */
  canRecord: boolean;
  pause: PauseState;
  canPause: boolean;
  /** So many of the last seconds can be taken back. 0: none. */
  forgetMost: number;
}

interface CallStore {
  calls: Readonly<Record<string, Call>>;
}

export const useCalls = create<CallStore>()(() => ({ calls: {} }));

/** Beside the state: what acts for a call. */
interface Machinery {
  driver: RecordingDriver;
  pauses: PauseDriver;
  asked: Set<string>;
}
const machinery = new Map<string, Machinery>();

export const callOf = (meetingId: string): Call | undefined => useCalls.getState().calls[meetingId];

function change(meetingId: string, part: Partial<Call>): void {
  useCalls.setState(({ calls }) => {
    const call = calls[meetingId];
    return call ? { calls: { ...calls, [meetingId]: { ...call, ...part } } } : { calls };
  });
}

function closeMachinery(meetingId: string): void {
  machinery.get(meetingId)?.driver.close();
  machinery.get(meetingId)?.pauses.close();
  machinery.delete(meetingId);
}

function forget(meetingId: string): void {
  closeMachinery(meetingId);
  useCalls.setState(({ calls }) => {
    const { [meetingId]: _gone, ...others } = calls;
    return { calls: others };
  });
}

export interface OpenOptions {
  meetingId: string;
  ownName: string;
  /** Only when the meeting is this contact's own. */
  contact?: Contact | undefined;
  /** False when coming back: the customer was invited already. */
  invites?: boolean;
}

interface Customer {
  id: string;
  name: string;
}

function customerOf(contact: Contact | undefined): Customer {
  const name = contact ? attribute(contact, ATTRIBUTE.customerName) || customerName(contact) : '';
  return { id: attribute(contact, ATTRIBUTE.customerUserId), name };
}

/** The customer is invited by being among the attendees. */
function attendeesOf(ownName: string, invited: Contact | undefined): MeetingAttendee[] {
  const owner = { attendeeName: ownName, isOwner: true };
  const { id, name } = customerOf(invited);
  if (!id || !name) return [owner];
  const email = attribute(invited, ATTRIBUTE.customerEmail);
  return [owner, { attendeeName: name, externalUserId: id, ...(email ? { attendeeEmail: email } : {}) }];
}

/** Creates the meeting, or gets its join data again; the server invites the customer. */
export async function openCall({ meetingId, ownName, contact, invites = true }: OpenOptions): Promise<Call> {
  const { id: customerId, name: customer } = customerOf(contact);
  // Who has left the chat can be invited to nothing.
  const invited = invites && contact?.state === 'connected' ? contact : undefined;
  const join = await meetingsApi.create(meetingId, attendeesOf(ownName, invited));
  const running = callOf(meetingId);
  if (running?.media && running.media.phase !== 'ended') return running;

  closeMachinery(meetingId);
  const { recordingDeployed, recordingPauseAllowed, recordingForgetSeconds } = readConfig();
  const canRecord = recordingDeployed && isTrue(contact, ATTRIBUTE.recordingControl);
  const call: Call = {
    meetingId,
    contactId: contact?.contactId,
    ownName,
    customerName: customer,
    join,
    handedOn: false,
    session: undefined,
    media: undefined,
    joinedAt: undefined,
    people: {
      [join.Attendee.ExternalUserId]: { name: ownName, role: 'owner' },
      ...(customerId ? { [customerId]: { name: customer, role: 'customer' } } : {}),
    },
    recording: INITIAL_RECORDING,
    canRecord,
    pause: NOT_PAUSED,
    canPause: canRecord && recordingPauseAllowed,
    forgetMost: canRecord ? recordingForgetSeconds : 0,
  };
  const monitors = recordingDeployed && (call.canRecord || isTrue(contact, ATTRIBUTE.autoRecording));
  const driver = new RecordingDriver({
    meetingId,
    contactId: call.contactId,
    canControl: call.canRecord,
    onState: (recording) => {
      change(meetingId, { recording });
      if (call.canPause) pauses.send({ type: 'recording', on: recording.status === 'STARTED' });
    },
  });
  const pauses = new PauseDriver({
    meetingId,
    contactId: call.contactId,
    forgetMost: call.forgetMost,
    onState: (pause) => change(meetingId, { pause }),
  });
  machinery.set(meetingId, { driver, pauses, asked: new Set() });
  useCalls.setState(({ calls }) => ({ calls: { ...calls, [meetingId]: call } }));
  if (monitors) void driver.begin();
  return call;
}

export async function joinCall(meetingId: string, options: JoinOptions): Promise<void> {
  const call = callOf(meetingId);
  if (!call) throw new Error('the call is not open');
  const { joinMedia } = await import('@upcall/shared/media/session');
  const session = await joinMedia(call.join, options);
  const take = (media: MediaSnapshot) => {
    const current = callOf(meetingId);
    if (current?.session !== session) return;
    const joinedAt = current.joinedAt ?? (media.phase === 'connected' ? Date.now() : undefined);
    change(meetingId, { media, joinedAt });
    if (media.phase === 'ended') keepInCall(undefined);
    else keepInCall({ meetingId, options: session.current() });
    lookAtRoster(meetingId, media);
  };
  change(meetingId, { session, joinedAt: undefined });
  session.subscribe(take);
  take(session.snapshot);
}

/** Who is not known is asked for once; the recorder is told from people. */
function lookAtRoster(meetingId: string, media: MediaSnapshot): void {
  const machine = machinery.get(meetingId);
  const call = callOf(meetingId);
  if (!machine || !call) return;
  for (const { externalUserId, isSelf } of media.attendees) {
    if (isSelf || !externalUserId || call.people[externalUserId] || machine.asked.has(externalUserId)) continue;
    machine.asked.add(externalUserId);
    meetingsApi.attendee(meetingId, externalUserId).then(
      (facts) => {
        const now = callOf(meetingId);
        if (!now) return;
        change(meetingId, { people: { ...now.people, [externalUserId]: facts } });
        if (now.media) lookAtRoster(meetingId, now.media);
      },
      () => machine.asked.delete(externalUserId),
    );
  }
  if (media.phase !== 'ended') machine.driver.seeRoster(media.attendees.some(({ externalUserId }) => isRecorder(call, externalUserId)));
}

/** By its role: anybody may have its name. */
export function isRecorder(call: Call, externalUserId: string): boolean {
  return call.people[externalUserId]?.role === 'recording';
}

/** For a customer who has missed the invitation, or was removed. */
export async function inviteAgain({ meetingId, ownName }: Call, contact: Contact): Promise<void> {
  await meetingsApi.create(meetingId, attendeesOf(ownName, contact));
}

export function toggleRecording(meetingId: string): void {
  machinery.get(meetingId)?.driver.send({ type: 'toggle' });
}

export function togglePause(meetingId: string): void {
  machinery.get(meetingId)?.pauses.send({ type: 'toggle' });
}

/** What was said and shown in the last seconds is destroyed before it is in any film. */
export function forgetLast(meetingId: string, seconds: number): void {
  machinery.get(meetingId)?.pauses.send({ type: 'forget', seconds });
}

/** This agent goes; the meeting stays for the others. The recording stops first. */
export async function leaveCall(meetingId: string): Promise<void> {
  const stopped = machinery.get(meetingId)?.driver.leave();
  await callOf(meetingId)?.session?.leave();
  await stopped;
}

/** The contact has gone to somebody else: recording and meeting are theirs, this page leaves and touches neither. */
export async function handOnCall(meetingId: string): Promise<void> {
  closeMachinery(meetingId);
  change(meetingId, { handedOn: true });
  await callOf(meetingId)?.session?.leave();
}

/** In this order: the recording stops, the meeting ends, this page leaves. A meeting that is over already is fine. */
export async function endCallForAll(meetingId: string): Promise<void> {
  if (callOf(meetingId)?.handedOn) return;
  await machinery.get(meetingId)?.driver.leave();
  try {
    await meetingsApi.end(meetingId);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  await callOf(meetingId)?.session?.leave('ended');
}

/** The call's last word was seen. */
export const dismissCall = forget;

/** Another tab takes over, or the person has signed out: this page goes without ending anything. */
export function callsLeaveQuietly(): void {
  for (const meetingId of Object.keys(useCalls.getState().calls)) {
    void callOf(meetingId)?.session?.leave();
    forget(meetingId);
  }
}
