import { renderHook } from '@testing-library/preact';
import { ApiError } from '@upcall/shared/api/http';
import type { Attendee, AttendeeFacts } from '@upcall/shared/media/types';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CallInvitation } from '../widget/call-invitation';
import { useAttendees } from './use-attendees';

const attendee = (attendeeId: string, isSelf = false): Attendee => ({
  attendeeId, externalUserId: `x-${attendeeId}`, isSelf, muted: false, level: 0, signal: 2, cameraOn: false, sharing: false,
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('is asked again until it is told who somebody is: whether the call is recorded hangs on it', async () => {
  const recorder: AttendeeFacts = { name: 'RECORDING', role: 'recording' };
  const ask = vi.fn(async (_user: string) => recorder).mockRejectedValueOnce(new ApiError(0, 'network', ''));
  const call = { attendee: ask } as unknown as CallInvitation;
  const { result, unmount } = renderHook(() => useAttendees(call, [attendee('me', true), attendee('r')]));
  await vi.advanceTimersByTimeAsync(0);
  expect(result.current.size).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(result.current.get('r')).toEqual(recorder);
  expect(ask.mock.calls).toEqual([['x-r'], ['x-r']]);
  unmount();
});

it('asks no more when the person, or the page, has gone', async () => {
  const ask = vi.fn(async (_user: string): Promise<AttendeeFacts> => Promise.reject(new ApiError(404, 'no_such_attendee', '')));
  const call = { attendee: ask } as unknown as CallInvitation;
  const { rerender } = renderHook(({ who }) => useAttendees(call, who), { initialProps: { who: [attendee('r')] } });
  await vi.advanceTimersByTimeAsync(0);
  rerender({ who: [] });
  const asked = ask.mock.calls.length;
  expect(asked).toBeGreaterThan(0);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(asked);
});
