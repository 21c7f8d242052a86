// What a conversation on the page is able to do, whoever looks at it: the agent at the desk, or a supervisor.
import { createContext, useContext } from 'react';
import type { FileLimits, Upload } from '@upcall/shared/participant/files';
import type { ChatItem } from '../centre/types';

export interface ChatWindow {
  isOwn: (item: ChatItem) => boolean;
  /** An address that is good for a moment. */
  fileAddress: (attachmentId: string) => Promise<string>;
  /** Nobody's to send when undefined. */
  files?: {
    limits: FileLimits;
    uploads: readonly Upload[];
    send: (files: File[]) => void;
    retry: (id: string) => void;
    drop: (id: string) => void;
  };
}

const Context = createContext<ChatWindow | undefined>(undefined);
export const ChatWindowProvider = Context.Provider;

export function useChatWindow(): ChatWindow {
  const value = useContext(Context);
  if (!value) throw new Error('not in a conversation');
  return value;
}
