import { type Call, useCalls } from './store';

/** The call that this page takes part in, if any. */
export function runningCall(calls: Readonly<Record<string, Call>>): Call | undefined {
  return Object.values(calls).find((call) => call.media !== undefined && call.media.phase !== 'ended');
}

/** A call that is running under another id: one microphone must not speak to two customers. */
export function otherRunningCall(meetingId: string): Call | undefined {
  const { [meetingId]: _own, ...others } = useCalls.getState().calls;
  return runningCall(others);
}
