import { cleanup, render } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HOSTILE_STRINGS } from '@upcall/shared/testing/hostile-strings';
import { EMPTY_CENTRE, EMPTY_CHAT } from '../centre/reducer';
import { useCentre } from '../centre/store';
import type { Contact } from '../centre/types';
import { loadTexts } from '../i18n/texts';
import { ChatWindowProvider } from './chat-window';
import { ContactList } from './ContactList';
import { Details } from './Details';
import { OfferCard } from './OfferCard';
import { Transcript } from './Transcript';

beforeAll(loadTexts);

const contact = (text: string): Contact => ({
  contactId: 'c',
  state: 'connected',
  queue: { name: text, personal: false },
  attributes: { videoAttendeeName: text, videoAttendeeEmail: text, anything: text },
  participants: [{ participantId: 'p', role: 'CUSTOMER', displayName: text, present: true }],
});

function show(text: string): HTMLElement {
  const who = contact(text);
  const item = { Id: 'm', Type: 'MESSAGE', ContentType: 'text/plain', AbsoluteTime: '2026-01-01T00:00:00Z', Content: text, ParticipantRole: 'CUSTOMER', DisplayName: text } as const;
  const joined = { ...item, Id: 'j', Type: 'EVENT', ContentType: 'application/vnd.amazonaws.connect.event.participant.joined' } as const;
  const file = { ...item, Id: 'f', Type: 'ATTACHMENT', Attachments: [{ AttachmentId: 'f', AttachmentName: text, ContentType: 'text/plain', Status: 'APPROVED' as const, AttachmentSizeInBytes: 1 }] } as const;
  const pending = [{ clientToken: 't', content: text, state: 'failed' as const }];
  useCentre.setState({ ...EMPTY_CENTRE, contacts: [who], chats: { c: { ...EMPTY_CHAT, items: [joined, item, { ...file, Attachments: [...file.Attachments] }], pending, loaded: true } } });
  return render(
    <MemoryRouter>
      <ContactList contacts={[who, { ...who, contactId: 'd', state: 'connecting' }]} selectedId="c" onSelect={() => {}} />
      <OfferCard contact={{ ...who, state: 'connecting' }} onBack={() => {}} />
      <ChatWindowProvider value={{ isOwn: () => false, fileAddress: async () => '' }}>
        <Transcript contactId="c" />
      </ChatWindowProvider>
      <Details contact={{ ...who, state: 'ended' }} onClose={() => {}} />
    </MemoryRouter>,
  ).container;
}

/** Elements by name and attributes by name: what markup would change. */
function shape(root: HTMLElement): string {
  return [...root.querySelectorAll('*')].map((element) => `${element.tagName}[${element.getAttributeNames().sort().join()}]`).join(' ');
}

let innocent: string;
beforeEach(() => {
  innocent ??= shape(show('Jane Doe'));
  cleanup();
});
afterEach(cleanup);

describe("people's texts", () => {
  it('are text wherever they appear: they add no element and no attribute', () => {
    for (const text of HOSTILE_STRINGS) {
      // Nothing but blanks counts as no name; the rest must look like any other.
      if (text.trim() === '') continue;
      const root = show(text);
      expect(shape(root), JSON.stringify(text.slice(0, 80))).toBe(innocent);
      expect(root.querySelector('.message--other .message__text')?.textContent).toBe(text);
      cleanup();
    }
  }, 120_000);
});
