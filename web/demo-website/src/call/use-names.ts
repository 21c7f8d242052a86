// Names of those in the call, asked for once a person, and which of them is the recording.
import type { Attendee } from '@upcall/shared/media/types';
import { useEffect, useState } from 'preact/hooks';
import type { CallInvitation } from '../widget/call-invitation';

export interface Names {
  /** By attendee id; missing until known. */
  names: ReadonlyMap<string, string>;
  recorderName: string | null;
}

export function useNames(call: CallInvitation, attendees: readonly Attendee[]): Names {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const [recorderName, setRecorderName] = useState<string | null>(null);

  useEffect(() => {
    call.recorderName().then(setRecorderName, () => undefined);
  }, [call]);

  const wanted = attendees.filter((a) => !a.isSelf && a.externalUserId).map((a) => `${a.attendeeId} ${a.externalUserId}`).join('\n');
  useEffect(() => {
    for (const line of wanted.split('\n').filter(Boolean)) {
      const [attendeeId = '', ...externalUserId] = line.split(' ');
      call.nameOf(externalUserId.join(' ')).then(
        (name) => setNames((known) => (known.get(attendeeId) === name ? known : new Map(known).set(attendeeId, name))),
        () => undefined,
      );
    }
  }, [call, wanted]);

  return { names, recorderName };
}
