// Who those in the call are, as the server knows it.
import { Backoff } from '@upcall/shared/backoff';
import type { Attendee, AttendeeFacts } from '@upcall/shared/media/types';
import { useEffect, useState } from 'preact/hooks';
import type { CallInvitation } from '../widget/call-invitation';

/** By attendee id; missing until known. Asked until there is an answer: whether the call is recorded hangs on it. */
export function useAttendees(call: CallInvitation, attendees: readonly Attendee[]): ReadonlyMap<string, AttendeeFacts> {
  const [known, setKnown] = useState<ReadonlyMap<string, AttendeeFacts>>(new Map());

  const wanted = attendees.filter((a) => !a.isSelf && a.externalUserId).map((a) => `${a.attendeeId} ${a.externalUserId}`).join('\n');
  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>();
    let live = true;
    const ask = (attendeeId: string, externalUserId: string, backoff: Backoff) => {
      call.attendee(externalUserId).then(
        (facts) => setKnown((before) => (before.get(attendeeId) === facts ? before : new Map(before).set(attendeeId, facts))),
        () => live && timers.add(setTimeout(() => ask(attendeeId, externalUserId, backoff), backoff.next())),
      );
    };
    for (const line of wanted.split('\n').filter(Boolean)) {
      const [attendeeId = '', ...externalUserId] = line.split(' ');
      ask(attendeeId, externalUserId.join(' '), new Backoff());
    }
    return () => {
      live = false;
      for (const timer of timers) clearTimeout(timer);
    };
  }, [call, wanted]);

  return known;
}
