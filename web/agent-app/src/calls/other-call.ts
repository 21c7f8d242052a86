import { type Call, useCalls } from './store';

/** A call that is running under another id: one microphone must not speak to two customers. */
export function otherRunningCall(meetingId: string): Call | undefined {
  return Object.values(useCalls.getState().calls).find(
    (call) => call.meetingId !== meetingId && call.media !== undefined && call.media.phase !== 'ended',
  );
}
