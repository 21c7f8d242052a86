// When a contact is cleared its meeting ends for everybody. The customer's leaving the chat alone ends nothing. A contact that
// was handed on takes its meeting along.
import { onCentreEvent } from '../centre/store';
import type { CentreEvent } from '../centre/types';
import { announceEndFailed } from './announce';
import { callOf, dismissCall, endCallForAll, handOnCall, useCalls } from './store';

export function startCallWatch(): () => void {
  return onCentreEvent((event) => {
    for (const meetingId of handedOnMeetings(event)) void handOnCall(meetingId);
    for (const meetingId of clearedMeetings(event)) {
      endCallForAll(meetingId).then(() => {
        // A call that was joined shows its own end.
        if (!callOf(meetingId)?.media) dismissCall(meetingId);
      }, announceEndFailed);
    }
  });
}

/** Of the calls in this page, those whose own contact is somebody else's now. */
export function handedOnMeetings(event: CentreEvent): string[] {
  const told = event.type === 'snapshot' ? event.contacts : event.type === 'contact' && event.contact ? [event.contact] : [];
  const gone = new Set(told.filter((contact) => contact.handedOn).map((contact) => contact.contactId));
  return Object.values(useCalls.getState().calls)
    .filter((call) => !call.handedOn && call.contactId !== undefined && gone.has(call.contactId))
    .map((call) => call.meetingId);
}

/** Of the calls in this page, those whose own contact is gone. */
export function clearedMeetings(event: CentreEvent): string[] {
  const calls = Object.values(useCalls.getState().calls).filter((call) => call.contactId !== undefined);
  if (event.type === 'contact' && event.state === 'none') {
    return calls.filter((call) => call.contactId === event.contactId).map((call) => call.meetingId);
  }
  if (event.type === 'snapshot') {
    const present = new Set(event.contacts.map((contact) => contact.contactId));
    return calls.filter((call) => !present.has(call.contactId as string)).map((call) => call.meetingId);
  }
  return [];
}
