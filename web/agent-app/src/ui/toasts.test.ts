import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { showToast, useToasts } from './toasts';

const texts = () => useToasts.getState().toasts.map((toast) => toast.text);

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const { id } of useToasts.getState().toasts) useToasts.getState().close(id);
  vi.useRealTimers();
});

describe('toasts', () => {
  // acceptance: 38
  it('go after 3 and 5 seconds, an error when it is closed', () => {
    showToast('info', 'information');
    showToast('warning', 'warning');
    showToast('error', 'error');
    vi.advanceTimersByTime(3_000);
    expect(texts()).toEqual(['information', 'error']);
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual(['error']);
  });

  it('say the same thing once', () => {
    showToast('info', 'once');
    showToast('info', 'once');
    expect(texts()).toEqual(['once']);
  });

  it('about one thing take the place of each other', () => {
    showToast('info', 'starting', 'recording');
    showToast('info', 'other');
    showToast('info', 'started', 'recording');
    expect(texts()).toEqual(['other', 'started']);
  });

  it('stay while somebody reads them, also those that come meanwhile', () => {
    showToast('info', 'early');
    useToasts.getState().hold(true);
    showToast('info', 'late');
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual(['early', 'late']);
    useToasts.getState().hold(false);
    vi.advanceTimersByTime(5_000);
    expect(texts()).toEqual([]);
  });

  it('go again after the one that was pointed at was closed', () => {
    showToast('info', 'closed');
    useToasts.getState().hold(true);
    useToasts.getState().close(useToasts.getState().toasts[0]!.id);
    showToast('info', 'next');
    vi.advanceTimersByTime(5_000);
    expect(texts()).toEqual([]);
  });
});
