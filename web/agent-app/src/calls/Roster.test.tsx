import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@upcall/shared/api/http';
import type { Figures } from '@upcall/shared/media/figures';
import type { Attendee, MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { meetingsApi } from '../api/meetings';
import { loadTexts } from '../i18n/texts';
import { useToasts } from '../ui/toasts';
import { NOT_PAUSED } from './pause-machine';
import { INITIAL_RECORDING } from './recording-machine';
import { Roster } from './Roster';
import type { Call } from './store';

const person = (attendeeId: string, externalUserId: string, more: Partial<Attendee> = {}): Attendee => ({
  attendeeId, externalUserId, isSelf: false, muted: false, level: 0, signal: 2, cameraOn: true, sharing: false, ...more,
});
const call: Call = {
  meetingId: 'm1', contactId: 'c1', ownName: 'Alice', customerName: 'Carl', session: undefined, media: undefined, joinedAt: undefined,
  handedOn: false, join: { Meeting: { MeetingId: 'x' }, Attendee: { AttendeeId: 'a', ExternalUserId: 'u-alice', JoinToken: '' } },
  people: { 'u-alice': { name: 'Alice', role: 'owner' }, 'u-carl': { name: 'Carl', role: 'customer' }, 'r-1': { name: 'RECORDING', role: 'recording' } },
  recording: { ...INITIAL_RECORDING, recordingId: 'r-1' }, canRecord: true, pause: NOT_PAUSED, canPause: false, forgetMost: 0,
};
const media = {
  attendees: [person('a', 'u-alice', { isSelf: true, signal: 1 }), person('c', 'u-carl', { signal: 0 }), person('r', 'r-1')],
} as unknown as MediaSnapshot;

let figuresTo: ((figures: Figures) => void) | undefined;
const session = {
  watchFigures: (listener: (figures: Figures) => void) => {
    figuresTo = listener;
    return () => (figuresTo = undefined);
  },
} as unknown as MediaSession;

const show = () => render(<Roster call={call} session={session} media={media} onClose={() => {}} />);
const row = (name: string) => screen.getAllByRole('listitem').find((item) => item.textContent?.includes(name)) as HTMLElement;
const toasts = () => useToasts.getState().toasts.map(({ kind, text }) => `${kind}: ${text}`);

beforeAll(loadTexts);
beforeEach(() => useToasts.setState({ toasts: [] }));
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

describe('who is present', () => {
  it('each has a word about the connection', () => {
    show();
    expect(within(row('Alice')).getByText('Weak connection')).toBeTruthy();
    expect(within(row('Carl')).getByText('No connection')).toBeTruthy();
  });

  it('the customer can be removed, oneself and the recorder cannot', async () => {
    const remove = vi.spyOn(meetingsApi, 'remove').mockResolvedValue({});
    show();
    expect(within(row('Alice')).queryByRole('button')).toBeNull();
    expect(within(row('RECORDING')).queryByRole('button')).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Remove Carl from the call' }));
    expect(remove).not.toHaveBeenCalled();
    await userEvent.click(within(screen.getByRole('alertdialog')).getByRole('button', { name: 'Remove from the call' }));
    expect(remove).toHaveBeenCalledWith('m1', 'u-carl');
    expect(toasts()).toEqual(['info: Carl was removed from the call.']);
    expect(screen.queryByRole('alertdialog')).toBeNull();
  });

  it('says it when the server refuses, and takes who has gone for gone', async () => {
    const remove = vi.spyOn(meetingsApi, 'remove').mockRejectedValue(new ApiError(409, 'not_removable', ''));
    show();
    const tryIt = async () => {
      await userEvent.click(screen.getByRole('button', { name: 'Remove Carl from the call' }));
      await userEvent.click(screen.getByRole('button', { name: 'Remove from the call' }));
    };
    await tryIt();
    expect(toasts()).toEqual(['error: Carl cannot be removed from this call.']);
    useToasts.setState({ toasts: [] });
    remove.mockRejectedValue(new ApiError(404, 'no_such_attendee', ''));
    await tryIt();
    expect(toasts()).toEqual([]);
  });

  // acceptance: 35
  it('shows the connection in figures when asked, and measures only then', async () => {
    show();
    expect(figuresTo).toBeUndefined();
    await userEvent.click(screen.getByRole('button', { name: 'Show the connection in figures' }));
    const camera = { kbps: 640, lostPercent: 2.25, width: 640, height: 360, fps: 15 };
    figuresTo?.({ delayMs: 24, lostUpPercent: 1.5, lostDownPercent: 0, people: new Map([['c', { camera, share: undefined }]]) });
    expect(await within(row('Carl')).findByText(/^640 × 360, 15 a second, 0\.6 Mbit\/s, 2\.3 % lost$/)).toBeTruthy();
    expect(within(row('Alice')).getByText('24 ms')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Hide the figures' }));
    expect(figuresTo).toBeUndefined();
  });
});
