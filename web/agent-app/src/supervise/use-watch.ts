// One contact that a supervisor looks at: unseen first, in the chat when they step in, and out again.
import { useCallback, useEffect, useRef, useState } from 'react';
import { readConfig } from '@upcall/shared/frontend-config';
import { ParticipantClient } from '@upcall/shared/participant/client';
import type { ChatState } from '@upcall/shared/participant/types';
import { supervisorApi } from '../api/supervisor';

export interface Watch {
  /** Undefined until the first answer. */
  chat: ChatState | undefined;
  client: ParticipantClient | undefined;
  ownId: string;
  /** In the chat, where everybody sees who joined. */
  inside: boolean;
  error: unknown;
  stepIn: () => Promise<void>;
  /** Back to watching unseen, or away from the contact. */
  leave: (andWatch: boolean) => Promise<void>;
  again: () => void;
}

export function useWatch(contactId: string): Watch {
  const [chat, setChat] = useState<ChatState>();
  const [inside, setInside] = useState(false);
  const [ownId, setOwnId] = useState('');
  const [error, setError] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  const client = useRef<ParticipantClient>(undefined);
  const begun = useRef<Promise<unknown>>(Promise.resolve());

  useEffect(() => {
    let stopped = false;
    setChat(undefined);
    setInside(false);
    setError(undefined);
    const begin = async () => {
      try {
        const credentials = await supervisorApi.monitor(contactId);
        if (stopped) return;
        setOwnId(credentials.participantId);
        const opened = new ParticipantClient({ baseUrl: location.origin, credentials, role: 'SUPERVISOR', limits: () => readConfig().files });
        client.current = opened;
        setChat(opened.state);
        opened.subscribe(() => setChat(opened.state));
        opened.start();
      } catch (failure) {
        if (!stopped) setError(failure);
      }
    };
    // One after the other: what was begun for a moment, as by an effect that runs twice, is over before the next one begins.
    begun.current = begun.current.then(begin);
    return () => {
      stopped = true;
      begun.current = begun.current.then(async () => {
        client.current?.stop();
        client.current = undefined;
        // Whoever goes is let go of in five seconds anyway, when this is lost.
        await supervisorApi.leave(contactId).catch(() => undefined);
      });
    };
  }, [contactId, turn]);

  const stepIn = useCallback(async () => {
    await supervisorApi.stepIn(contactId);
    setInside(true);
  }, [contactId]);
  const leave = useCallback(
    async (andWatch: boolean) => {
      if (andWatch) setTurn((n) => n + 1);
      else await supervisorApi.leave(contactId);
    },
    [contactId],
  );
  const again = useCallback(() => setTurn((n) => n + 1), []);
  return { chat, client: client.current, ownId, inside, error, stepIn, leave, again };
}
