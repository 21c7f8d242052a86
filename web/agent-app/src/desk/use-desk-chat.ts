// A contact of the agent's own as a conversation on the page.
import { useMemo } from 'react';
import { readConfig } from '@upcall/shared/frontend-config';
import { agentApi } from '../api/agent';
import type { Contact } from '../centre/types';
import type { ChatWindow } from './chat-window';
import { uploadsOf, useUploads } from './uploads';

const NONE: readonly never[] = [];

export function useDeskChat({ contactId, state, participants }: Contact): ChatWindow {
  const uploads = useUploads(({ byContact }) => byContact[contactId]) ?? NONE;
  return useMemo(() => {
    const { files: limits } = readConfig();
    const running = uploadsOf(contactId);
    return {
      // A colleague who had the contact before is an agent too.
      isOwn: ({ ParticipantRole, ParticipantId }) => {
        if (ParticipantRole !== 'AGENT') return false;
        const sender = participants?.find(({ participantId }) => participantId === ParticipantId);
        return sender === undefined || sender.you === true;
      },
      fileAddress: async (attachmentId) => (await agentApi.attachment(contactId, attachmentId)).url,
      ...(state === 'connected' && limits.maxBytes > 0
        ? {
            files: {
              limits,
              uploads,
              send: (files: File[]) => running.add(files),
              retry: (id: string) => running.retry(id),
              drop: (id: string) => running.drop(id),
            },
          }
        : {}),
    };
  }, [contactId, state, participants, uploads]);
}
