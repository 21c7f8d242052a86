import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@upcall/shared/api/http';
import { type Me, meApi } from '../api/me';
import { onboard } from './onboard';

const me: Me = { userId: 'u1', username: 'ann', onboarded: false, permissions: [], panel: true, personalQueueId: 'u1' };
const user = { id: 'u1', username: 'ann', name: '', email: '' };
const session = (connectUserId?: string) => ({
  state: { status: 'in' as const, user: { ...user, ...(connectUserId ? { connectUserId } : {}) } },
  refresh: vi.fn(async () => undefined),
});
const answers = (more: Partial<Me>) => vi.spyOn(meApi, 'describe').mockResolvedValue({ ...me, ...more });
let set = vi.spyOn(meApi, 'setUserId');

beforeEach(() => {
  vi.restoreAllMocks();
  set = vi.spyOn(meApi, 'setUserId').mockResolvedValue({});
});

describe('the first log-in', () => {
  it('finds the id by the personal queue, stores it, and asks for tokens that have it', async () => {
    answers({ personalQueueId: 'q1' });
    const at = session();
    expect((await onboard(at)).outcome).toBe('set');
    expect(set).toHaveBeenCalledWith('q1');
    expect(at.refresh).toHaveBeenCalledOnce();
  });
  it('is no failure when another tab was faster', async () => {
    answers({});
    set.mockRejectedValue(new ApiError(409, 'already_onboarded', ''));
    expect((await onboard(session())).outcome).toBe('set');
  });
  it('is over for good after the first: nothing is stored, nothing is refreshed', async () => {
    answers({ onboarded: true });
    const at = session('u1');
    expect((await onboard(at)).outcome).toBe('known');
    expect(set).not.toHaveBeenCalled();
    expect(at.refresh).not.toHaveBeenCalled();
  });
  it('of an older session of an account that is known by now is a refresh alone', async () => {
    answers({ onboarded: true });
    const at = session();
    expect((await onboard(at)).outcome).toBe('known');
    expect(set).not.toHaveBeenCalled();
    expect(at.refresh).toHaveBeenCalledOnce();
  });
  it('tells a panel without a queue, and stores nothing', async () => {
    answers({ personalQueueId: null });
    expect((await onboard(session())).outcome).toBe('noQueue');
    expect(set).not.toHaveBeenCalled();
  });
  it('of who has no panel is by the account', async () => {
    answers({ panel: false, personalQueueId: null });
    expect((await onboard(session())).outcome).toBe('noPanel');
    expect(set).toHaveBeenCalledWith('u1');
  });
  it('takes nothing that is about somebody else', async () => {
    answers({ username: 'bob' });
    await expect(onboard(session())).rejects.toMatchObject({ code: 'another_user' });
    expect(set).not.toHaveBeenCalled();
  });
  it('hands on what the server says against it', async () => {
    answers({});
    set.mockRejectedValue(new ApiError(503, 'unavailable', ''));
    await expect(onboard(session())).rejects.toMatchObject({ status: 503 });
  });
});
