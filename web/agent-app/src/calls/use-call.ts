// The call that an address names, opened again after a reload.
import { useCallback, useEffect, useRef, useState } from 'react';
import { agentApi } from '../api/agent';
import { useCentre } from '../centre/store';
import { ATTRIBUTE, attribute } from '../centre/types';
import { useSession } from '../session/use-session';
import { inCall } from './preferences';
import { type Call, openCall, useCalls } from './store';

export type CallState =
  | { state: 'open'; call: Call; rejoin: boolean }
  | { state: 'opening' }
  /** No meeting under this id is going on for this agent: opening it is a decision. */
  | { state: 'closed' }
  | { state: 'failed'; error: unknown };

export interface UseCall {
  now: CallState;
  /** Opens the meeting, whatever it was before. */
  open: () => void;
}

export function useCall(meetingId: string): UseCall {
  const call = useCalls((store) => store.calls[meetingId]);
  const contacts = useCentre((centre) => centre.contacts);
  const { user } = useSession();
  const [other, setOther] = useState<Exclude<CallState, { state: 'open' }>>({ state: 'opening' });
  const [rejoin, setRejoin] = useState(false);
  // In after-contact work too: when it is cleared its meeting ends.
  const contact = contacts.find(
    (one) => attribute(one, ATTRIBUTE.meetingId) === meetingId && (one.state === 'connected' || one.state === 'ended'),
  );
  const ownName = user?.name || user?.username || '';

  const openAs = useCallback((invites: boolean) => {
    setOther({ state: 'opening' });
    openCall({ meetingId, ownName, contact, invites }).catch((error: unknown) => setOther({ state: 'failed', error }));
    // The contact as it is at this moment; its later changes do not open the call anew.
  }, [meetingId, ownName, contact?.contactId]);

  // A call that was here and is gone: its contact was cleared, or its end was read.
  const wasOpen = useRef(false);
  useEffect(() => {
    if (!call && wasOpen.current) setOther({ state: 'closed' });
    wasOpen.current = call !== undefined;
  }, [call]);

  useEffect(() => {
    if (call) return;
    let live = true;
    const wasIn = inCall()?.meetingId === meetingId;
    agentApi.state().then(
      ({ contacts: known }) => {
        if (!live) return;
        const meeting = known.find((one) => one.meeting?.externalMeetingId === meetingId)?.meeting;
        const goesOn = meeting ? meeting.live && meeting.owned : wasIn;
        if (!goesOn) return setOther({ state: 'closed' });
        setRejoin(wasIn);
        openAs(false);
      },
      (error: unknown) => live && setOther({ state: 'failed', error }),
    );
    return () => {
      live = false;
    };
    // Asked once for an address: a call that was dismissed is not opened again by itself.
  }, [meetingId]);

  const open = useCallback(() => openAs(true), [openAs]);
  return { now: call ? { state: 'open', call, rejoin } : other, open };
}
