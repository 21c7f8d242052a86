import { session } from '../session/session';

/** Who somebody is in the contact centre. */
export interface Me {
  userId: string;
  username: string;
  onboarded: boolean;
  permissions: string[];
  /** May handle contacts: has the contact panel, which is the desk. */
  panel: boolean;
  personalQueueId: string | null;
}

/** Longer than this nobody waits without a word. */
const WITHIN_MS = 8_000;

export const meApi = {
  describe: () => session.data<Me>('/api/connect/user', { timeoutMs: WITHIN_MS }),
  setUserId: (connectUserId: string) =>
    session.data<unknown>('/api/connect/setConnectUserId', { body: { connectUserId }, timeoutMs: WITHIN_MS }),
  /** Group and profiles are read again, unless that was done a moment ago. */
  refreshCache: () => session.data<boolean>('/api/connect/connect-user-cache', { method: 'PUT', timeoutMs: WITHIN_MS }),
};
