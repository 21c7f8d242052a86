import { ApiError } from '@upcall/shared/api/http';
import type { EndReason, MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import type { ParticipantClient } from '@upcall/shared/participant/client';
import type { ChatState, Invitation } from '@upcall/shared/participant/types';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallInvitation } from './call-invitation';
import { CustomerApi } from './customer-api';

const joined = vi.hoisted(() => ({ options: [] as unknown[], left: [] as string[] }));
vi.mock('@upcall/shared/media/session', () => ({
  joinMedia: async (_: unknown, options: unknown): Promise<MediaSession> => {
    joined.options.push(options);
    const listeners = new Set<() => void>();
    const snapshot = { phase: 'connected', endReason: undefined } as MediaSnapshot;
    return {
      snapshot,
      subscribe: (listener: () => void) => listeners.add(listener),
      current: () => ({ ...joinOptions, cameraOn: true }),
      leave: async (reason: EndReason = 'left') => {
        joined.left.push(reason);
        Object.assign(snapshot, { phase: 'ended', endReason: reason });
        for (const listener of listeners) listener();
      },
    } as unknown as MediaSession;
  },
}));

const credentials = { contactId: 'c', participantId: 'p', participantToken: 't' };
const client = { acknowledge: vi.fn(async () => undefined) } as unknown as ParticipantClient;
const joinOptions = { microphone: null, camera: null, speaker: null, quality: '540p', muted: false, cameraOn: false } as const;

function invite(id: string): ChatState {
  const invitation: Invitation = { invitationId: id, externalMeetingId: 'm', attendeeExternalUserId: 'u', from: 'Alice' };
  return { connection: 'online', items: [], pending: [], uploads: [], hasOlder: false, loadingOlder: false, typing: null, queue: null, agent: 'Alice', invitation };
}

let api: CustomerApi;
let call: CallInvitation;

beforeEach(() => {
  sessionStorage.clear();
  joined.options.length = joined.left.length = 0;
  vi.useFakeTimers();
  api = new CustomerApi('http://test');
  vi.spyOn(api, 'joinData').mockResolvedValue({ Meeting: { MeetingId: 'm' }, Attendee: { AttendeeId: 'a', ExternalUserId: 'u', JoinToken: 'j' } });
  call = new CallInvitation(api);
});

afterEach(() => {
  void call.reset();
  vi.useRealTimers();
});

describe('an invitation', () => {
  it('is shown once, however often it is repeated, and acknowledged', () => {
    expect(call.follow(invite('i1'), credentials, client)).toBe(true);
    expect(call.store.value.stage).toBe('invited');
    expect(client.acknowledge).toHaveBeenCalledWith('i1');
    expect(call.follow(invite('i1'), credentials, client)).toBe(false);
  });

  it('to a call that is over goes away by itself', async () => {
    vi.mocked(api.joinData).mockRejectedValue(new ApiError(404, 'meeting_not_live', ''));
    call.follow(invite('i1'), credentials, client);
    await vi.advanceTimersByTimeAsync(0);
    expect(call.store.value.stage).toBe('none');
  });

  it('stays while nobody can tell, and goes when it is told', async () => {
    vi.mocked(api.joinData).mockRejectedValueOnce(new ApiError(0, 'network', '')).mockRejectedValue(new ApiError(404, '', ''));
    call.follow(invite('i1'), credentials, client);
    await vi.advanceTimersByTimeAsync(0);
    expect(call.store.value.stage).toBe('invited');
    await vi.advanceTimersByTimeAsync(16_000);
    expect(call.store.value.stage).toBe('none');
  });

  it('a new one replaces the screen of a call that is over', async () => {
    call.follow(invite('i1'), credentials, client);
    call.prepare();
    vi.mocked(api.joinData).mockRejectedValueOnce(new ApiError(404, 'meeting_not_live', ''));
    await call.join(joinOptions);
    expect(call.store.value).toMatchObject({ stage: 'over', reason: 'ended' });
    expect(call.follow(invite('i2'), credentials, client)).toBe(true);
    expect(call.store.value.stage).toBe('invited');
  });

  // acceptance: 13
  it('of a call that was left stays on offer, of one that ended does not', async () => {
    call.follow(invite('i1'), credentials, client);
    call.prepare();
    vi.mocked(api.joinData).mockRejectedValueOnce(new ApiError(0, 'network', ''));
    await call.join(joinOptions);
    expect(call.store.value.reason).toBe('network');
    call.dismiss();
    expect(call.store.value).toMatchObject({ stage: 'invited', later: true });
    call.prepare();
    vi.mocked(api.joinData).mockRejectedValueOnce(new ApiError(404, '', ''));
    await call.join(joinOptions);
    call.dismiss();
    expect(call.store.value.stage).toBe('none');
  });

  it('goes with the chat', () => {
    call.follow(invite('i1'), credentials, client);
    call.follow({ ...invite('i1'), invitation: null, connection: 'ended' }, credentials, client);
    expect(call.store.value.stage).toBe('none');
  });

  const live = async () => {
    call.follow(invite('i1'), credentials, client);
    call.prepare();
    await call.join(joinOptions);
    expect(call.store.value.stage).toBe('live');
  };

  it('of a call that one was in leads straight back after a reload, with the devices as they were', async () => {
    await live();
    const reloaded = new CallInvitation(api);
    expect(reloaded.follow(invite('i2'), credentials, client)).toBe(false);
    expect(reloaded.store.value.stage).toBe('joining');
    await vi.waitFor(() => expect(reloaded.store.value.stage).toBe('live'));
    expect(joined.options[1]).toEqual({ ...joinOptions, cameraOn: true });
    await reloaded.leave();
    const again = new CallInvitation(api);
    expect(again.follow(invite('i2'), credentials, client)).toBe(true);
    expect(again.store.value.stage).toBe('invited');
    await again.reset();
  });

  it('and its call end when the conversation ends', async () => {
    await live();
    call.follow({ ...invite('i1'), invitation: null, connection: 'ended' }, credentials, client);
    expect(joined.left).toEqual(['ended']);
    expect(call.store.value).toMatchObject({ stage: 'over', reason: 'ended' });
  });
});
