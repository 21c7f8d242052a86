// The way from an invitation in the chat into the call and out again. The call's own code is loaded when it is wanted.
import type { AttendeeFacts, EndReason, JoinInfo, JoinOptions, MediaSession } from '@upcall/shared/media/types';
import type { ParticipantClient } from '@upcall/shared/participant/client';
import type { ChatCredentials, ChatState, Invitation } from '@upcall/shared/participant/types';
import type { CustomerApi } from './customer-api';
import { joinFailure } from './failure';
import { inCall, keepInCall } from './in-call';
import { Store } from './store';

/**
 * none: nothing to join. invited: the card is shown. devices: camera and microphone are chosen. joining. live.
 * over: left, ended or failed; `reason` says which.
 */
export type CallStage = 'none' | 'invited' | 'devices' | 'joining' | 'live' | 'over';

export interface CallState {
  stage: CallStage;
  invitation: Invitation | null;
  session: MediaSession | null;
  reason: EndReason | null;
  /** The card was closed without joining; a quiet line in the chat still offers the call. */
  later: boolean;
}

const CHECK_MS = 15_000;

export class CallInvitation {
  readonly store = new Store<CallState>({ stage: 'none', invitation: null, session: null, reason: null, later: false });
  readonly #api: CustomerApi;
  #credentials: ChatCredentials | null = null;
  #check: ReturnType<typeof setTimeout> | undefined;
  #known = '';
  #attendees = new Map<string, Promise<AttendeeFacts>>();

  constructor(api: CustomerApi) {
    this.#api = api;
  }

  /** Looks at the chat; true when there is a new invitation to show. */
  follow(chat: ChatState, credentials: ChatCredentials, client: ParticipantClient): boolean {
    this.#credentials = credentials;
    const { stage } = this.store.value;
    // The conversation is over, and with it the call that came of it.
    if (chat.connection === 'ended' || chat.connection === 'expired') void this.leave('ended');
    const { invitation } = chat;
    if (!invitation) {
      if (stage === 'invited' || stage === 'devices') this.#clear();
      return false;
    }
    if (chat.connection === 'online') void client.acknowledge(invitation.invitationId);
    if (invitation.invitationId === this.#known || stage === 'live' || stage === 'joining') return false;
    this.#known = invitation.invitationId;
    this.#attendees.clear();
    const before = inCall();
    if (before?.meetingId === invitation.externalMeetingId) {
      this.store.set({ stage: 'joining', invitation, session: null, reason: null, later: false });
      void this.join(before.options);
      return false;
    }
    this.store.set({ stage: 'invited', invitation, session: null, reason: null, later: false });
    this.#watch(invitation);
    return true;
  }

  setLater(later: boolean): void {
    this.store.set({ later });
  }

  /** Towards the call: the device page first. */
  prepare(): void {
    clearTimeout(this.#check);
    this.store.set({ stage: 'devices', reason: null, later: false });
  }

  back(): void {
    const { invitation } = this.store.value;
    this.store.set({ stage: invitation ? 'invited' : 'none', reason: null });
    if (invitation) this.#watch(invitation);
  }

  /** From the screen of a call that is over back to the chat; one that still lives stays on offer there. */
  dismiss(): void {
    const { reason } = this.store.value;
    if (reason === 'ended' || reason === 'removed' || reason === 'refused') return this.#clear();
    this.back();
    this.store.set({ later: true });
  }

  async join(options: JoinOptions): Promise<void> {
    const { invitation } = this.store.value;
    if (!invitation) return;
    this.store.set({ stage: 'joining', reason: null });
    try {
      const [join, media] = await Promise.all([this.#joinData(invitation), import('@upcall/shared/media/session')]);
      const session = await media.joinMedia(join, options);
      if (this.store.value.stage !== 'joining') return void session.leave();
      this.store.set({ stage: 'live', session });
      const follow = () => {
        const { phase, endReason } = session.snapshot;
        if (this.store.value.session !== session) return;
        if (phase === 'ended') this.#over(endReason ?? 'failed');
        else keepInCall({ meetingId: invitation.externalMeetingId, options: session.current() });
      };
      session.subscribe(follow);
      follow();
    } catch (error) {
      if (this.store.value.stage === 'joining') this.#over(joinFailure(error));
    }
  }

  async leave(reason: 'left' | 'ended' = 'left'): Promise<void> {
    const { session, stage } = this.store.value;
    if (stage === 'joining') this.#over(reason);
    await session?.leave(reason);
  }

  /** The chat is let go of: so is the call. */
  async reset(): Promise<void> {
    const { session } = this.store.value;
    this.#clear();
    this.#known = '';
    await session?.leave();
  }

  /** Who somebody in the call is. Asked once a person. */
  attendee(externalUserId: string): Promise<AttendeeFacts> {
    const { invitation } = this.store.value;
    if (!invitation || !this.#credentials) return Promise.reject(new Error('no call'));
    let facts = this.#attendees.get(externalUserId);
    if (!facts) {
      facts = this.#api.attendee(invitation, externalUserId, this.#credentials.participantToken);
      this.#attendees.set(externalUserId, facts);
      facts.catch(() => this.#attendees.delete(externalUserId));
    }
    return facts;
  }

  #joinData(invitation: Invitation): Promise<JoinInfo> {
    return this.#api.joinData(invitation, this.#credentials!.participantToken);
  }

  #over(reason: EndReason): void {
    keepInCall(null);
    this.store.set({ stage: 'over', session: null, reason });
  }

  #clear(): void {
    clearTimeout(this.#check);
    keepInCall(null);
    this.store.set({ stage: 'none', invitation: null, session: null, reason: null });
  }

  /** An invitation found after a reload, or left lying, may be to a call that is over: then nothing invites any more. */
  #watch(invitation: Invitation): void {
    clearTimeout(this.#check);
    const look = async () => {
      const reason = await this.#joinData(invitation).then(() => null, joinFailure);
      if (this.store.value.stage !== 'invited' || this.store.value.invitation !== invitation) return;
      if (reason && reason !== 'network' && reason !== 'failed') this.#clear();
      else this.#check = setTimeout(() => void look(), CHECK_MS);
    };
    void look();
  }
}
