import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Steady } from './steady';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a steady value', () => {
  it('changes when the new one has lasted, and not when it was only a flicker', () => {
    const told: number[] = [];
    const steady = new Steady(2, (next, now) => (next < now ? 2_000 : 4_000), (value) => told.push(value));
    steady.see(1);
    vi.advanceTimersByTime(1_900);
    steady.see(2);
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
    steady.see(1);
    steady.see(1);
    vi.advanceTimersByTime(2_000);
    expect(told).toEqual([1]);
    steady.see(2);
    vi.advanceTimersByTime(3_900);
    expect(told).toEqual([1]);
    vi.advanceTimersByTime(100);
    expect(told).toEqual([1, 2]);
  });

  it('says nothing after it was stopped', () => {
    const told: number[] = [];
    const steady = new Steady(2, () => 1_000, (value) => told.push(value));
    steady.see(0);
    steady.stop();
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([]);
  });
});
