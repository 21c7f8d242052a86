import { ApiError } from '@upcall/shared/api/http';
import type { ParticipantClient } from '@upcall/shared/participant/client';
import type { ChatState, Invitation } from '@upcall/shared/participant/types';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallInvitation } from './call-invitation';
import { CustomerApi } from './customer-api';

const credentials = { contactId: 'c', participantId: 'p', participantToken: 't' };
const client = { acknowledge: vi.fn(async () => undefined) } as unknown as ParticipantClient;
const joinOptions = { microphone: null, camera: null, speaker: null, quality: '540p', muted: false, cameraOn: false } as const;

function invite(id: string): ChatState {
  const invitation: Invitation = { invitationId: id, externalMeetingId: 'm', attendeeExternalUserId: 'u', from: 'Alice' };
  return { connection: 'online', items: [], pending: [], hasOlder: false, loadingOlder: false, typing: null, queue: null, agent: 'Alice', invitation };
}

let api: CustomerApi;
let call: CallInvitation;

beforeEach(() => {
  vi.useFakeTimers();
  api = new CustomerApi('http://test');
  vi.spyOn(api, 'joinData').mockResolvedValue({ Meeting: { MeetingId: 'm' }, Attendee: { AttendeeId: 'a', ExternalUserId: 'u', JoinToken: 'j' } });
  call = new CallInvitation(api, () => Promise.reject(new Error('unused')));
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
});
