import { createRef } from 'react';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ApiError } from '@upcall/shared/api/http';
import type { RecordingSummary } from '../api/recordings';
import { loadTexts } from '../i18n/texts';
import type { PlaybackPlace } from './LivePlayer';

const opened = vi.hoisted(() => [] as { url: string; onTrouble: (status: number | undefined) => void; calls: string[] }[]);
vi.mock('./live-source', () => ({
  liveKind: () => 'hls.js',
  openLive: async (_: unknown, url: string, onTrouble: (status: number | undefined) => void) => {
    const calls: string[] = [];
    opened.push({ url, onTrouble, calls });
    return { renew: (fresh: string) => calls.push(`renew ${fresh}`), retry: () => calls.push('retry'), close: () => calls.push('close') };
  },
}));

const { LivePlayer } = await import('./LivePlayer');
const { Player } = await import('./Player');

const recording = (more: Partial<RecordingSummary> = {}): RecordingSummary => ({
  recordingId: 'r1', createdAt: '2026-01-01T10:00:00Z', status: 'recording', liveURL: 'http://host/live?grant=one', ...more,
});
const place = { current: undefined as PlaybackPlace | undefined };
const video = () => screen.getByLabelText('the film') as HTMLVideoElement;
const show = (one: RecordingSummary, refresh: () => Promise<RecordingSummary[]>) => (
  <LivePlayer recording={one} refresh={refresh} label="the film" place={place} />
);

beforeAll(loadTexts);
beforeEach(() => {
  opened.splice(0);
  place.current = undefined;
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

it('opens the film once and renews its address with every reading of the summary', async () => {
  const refresh = vi.fn(async () => [recording()]);
  const { rerender, unmount } = render(show(recording(), refresh));
  await waitFor(() => expect(opened).toHaveLength(1));
  await waitFor(() => expect(opened[0]?.calls).toEqual(['renew http://host/live?grant=one']));
  rerender(show(recording({ liveURL: 'http://host/live?grant=two' }), refresh));
  expect(opened[0]?.calls.at(-1)).toBe('renew http://host/live?grant=two');
  expect(opened).toHaveLength(1);
  unmount();
  expect(opened[0]?.calls.at(-1)).toBe('close');
});

it('asks the list after trouble and tries again', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const refresh = vi.fn(async () => [recording()]);
  render(show(recording(), refresh));
  await waitFor(() => expect(opened[0]?.calls).toHaveLength(1));
  act(() => opened[0]?.onTrouble(410));
  expect(refresh).toHaveBeenCalledTimes(1);
  await act(() => vi.advanceTimersByTimeAsync(2_100));
  expect(opened[0]?.calls.at(-1)).toBe('retry');
});

it('does not try again when its viewer may not watch any more', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const refresh = vi.fn(async () => {
    throw new ApiError(403, 'playback_not_allowed', 'no');
  });
  render(show(recording(), refresh));
  await waitFor(() => expect(opened[0]?.calls).toHaveLength(1));
  act(() => opened[0]?.onTrouble(403));
  await act(() => vi.advanceTimersByTimeAsync(10_000));
  expect(opened[0]?.calls).not.toContain('retry');
});

it('says when the film cannot be played, and begins anew when asked to', async () => {
  render(show(recording(), async () => [recording()]));
  await waitFor(() => expect(opened).toHaveLength(1));
  act(() => opened[0]?.onTrouble(undefined));
  expect(await screen.findByText('The film cannot be played.')).toBeTruthy();
  fireEvent.click(screen.getByRole('button'));
  await waitFor(() => expect(opened).toHaveLength(2));
});

it('the stored film goes on where the growing one was', async () => {
  const { unmount } = render(show(recording(), async () => [recording()]));
  await waitFor(() => expect(opened).toHaveLength(1));
  const live = video();
  live.currentTime = 12.5;
  Object.defineProperty(live, 'paused', { value: false });
  live.tabIndex = 0;
  live.focus();
  unmount();
  expect(place.current).toEqual({ recordingId: 'r1', at: 12.5, playing: true, focused: true });
  const stored = recording({ status: 'stored', recordingURL: 'http://host/film?grant=three' });
  render(<Player recording={stored} refresh={async () => [stored]} label="the film" place={place} video={createRef()} />);
  expect(document.activeElement).toBe(video());
  const play = vi.spyOn(video(), 'play').mockResolvedValue();
  fireEvent.loadedMetadata(video());
  expect(video().currentTime).toBe(12.5);
  expect(play).toHaveBeenCalled();
  expect(place.current).toBe(undefined);
});

it('another film begins at its beginning', () => {
  place.current = { recordingId: 'another', at: 40, playing: true, focused: true };
  const stored = recording({ status: 'stored', recordingURL: 'http://host/film?grant=three' });
  render(<Player recording={stored} refresh={async () => [stored]} label="the film" place={place} video={createRef()} />);
  expect(document.activeElement).not.toBe(video());
  fireEvent.loadedMetadata(video());
  expect(video().currentTime).toBe(0);
});
