import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { agentApi } from '../api/agent';
import { EMPTY_CENTRE, EMPTY_CHAT } from '../centre/reducer';
import { useCentre } from '../centre/store';
import type { ChatItem } from '../centre/types';
import { loadTexts } from '../i18n/texts';
import { ChatWindowProvider } from './chat-window';
import { Transcript } from './Transcript';
import { TransferDialog } from './TransferDialog';

beforeAll(loadTexts);
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

describe('the transfer dialog', () => {
  it('offers who can be reached and queues, and hands the contact on', async () => {
    vi.spyOn(agentApi, 'quickConnects').mockResolvedValue({
      agents: [
        { agentId: 'b', name: 'Bob', statusName: 'Available', available: true },
        { agentId: 'c', name: 'Cem', statusName: 'Lunch', available: false },
      ],
      queues: [{ queueId: 'q', name: 'Support', waiting: 3 }],
    });
    const transfer = vi.spyOn(agentApi, 'transfer').mockResolvedValue({});
    const onClose = vi.fn();
    render(<TransferDialog contactId="one" isOpen onClose={onClose} />);
    const bob = await screen.findByRole('button', { name: /Bob/ });
    expect(screen.getByRole('button', { name: /Cem/ })).toHaveProperty('disabled', true);
    expect(screen.getByText('3 waiting')).toBeTruthy();
    fireEvent.click(bob);
    await waitFor(() => expect(onClose).toHaveBeenCalled());
    expect(transfer).toHaveBeenCalledWith('one', { agentId: 'b' });
    fireEvent.click(screen.getByRole('button', { name: /Support/ }));
    await waitFor(() => expect(transfer).toHaveBeenLastCalledWith('one', { queueId: 'q' }));
  });

  it('says so when the list cannot be loaded', async () => {
    vi.spyOn(agentApi, 'quickConnects').mockRejectedValue(new Error('no'));
    render(<TransferDialog contactId="one" isOpen onClose={() => {}} />);
    expect(await screen.findByText('The list could not be loaded.')).toBeTruthy();
  });
});

describe('a file in the chat', () => {
  const file = (Status: 'APPROVED' | 'REJECTED' | 'IN_PROGRESS'): ChatItem => ({
    Id: 'f',
    Type: 'ATTACHMENT',
    ContentType: 'text/plain',
    AbsoluteTime: '2026-01-01T00:00:00Z',
    ParticipantRole: 'CUSTOMER',
    DisplayName: 'Jane',
    Attachments: [{ AttachmentId: 'f', AttachmentName: '<b>notes</b>.txt', ContentType: 'text/plain', Status }],
  });
  const show = (status: 'APPROVED' | 'REJECTED' | 'IN_PROGRESS') => {
    useCentre.setState({ ...EMPTY_CENTRE, chats: { c: { ...EMPTY_CHAT, items: [file(status)], loaded: true } } });
    const chatWindow = { isOwn: () => false, fileAddress: async () => '' };
    return render(<ChatWindowProvider value={chatWindow}><Transcript contactId="c" /></ChatWindowProvider>).container;
  };

  it('can be saved when it is approved, and only then', () => {
    const root = show('APPROVED');
    expect(root.querySelector('b')).toBeNull();
    expect(root.textContent).toContain('<b>notes</b>.txt');
    expect(screen.getByRole('button', { name: 'Save <b>notes</b>.txt' })).toBeTruthy();
    cleanup();
    for (const status of ['REJECTED', 'IN_PROGRESS'] as const) {
      show(status);
      expect(screen.queryByRole('button', { name: /Save/ })).toBeNull();
      cleanup();
    }
  });
});
