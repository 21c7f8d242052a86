// The first log-in: the user's id in the contact centre is found through the personal queue, and becomes a claim of the id
// token, which the server alone can write.
import { ApiError } from '@upcall/shared/api/http';
import { type Me, meApi } from '../api/me';
import type { Session } from '../session/session';

/** noPanel: the account handles no contacts. noQueue: it does, and has nowhere to get its own from. */
export type Onboarded = { me: Me; outcome: 'known' | 'set' | 'noPanel' | 'noQueue' };

/** Throws what the server or the network says. */
export async function onboard(session: Pick<Session, 'state' | 'refresh'>): Promise<Onboarded> {
  const me = await meApi.describe();
  // Another account's answer, from a log-in in another tab meanwhile, is nobody's.
  if (me.username !== session.state.user?.username) throw new ApiError(409, 'another_user', 'The answer is about somebody else.');
  if (session.state.user.connectUserId === me.userId) return { me, outcome: 'known' };
  if (me.panel && !me.personalQueueId) return { me, outcome: 'noQueue' };
  if (!me.onboarded) {
    try {
      // Who has no panel watches others or recordings, and has no queue to be found by.
      await meApi.setUserId(me.personalQueueId ?? me.userId);
    } catch (error) {
      // Another tab was faster.
      if (!(error instanceof ApiError && error.code === 'already_onboarded')) throw error;
    }
  }
  await session.refresh();
  if (!me.panel) return { me, outcome: 'noPanel' };
  return { me, outcome: me.onboarded ? 'known' : 'set' };
}
