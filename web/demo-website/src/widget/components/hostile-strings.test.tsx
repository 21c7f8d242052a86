import { HOSTILE_STRINGS } from '@upcall/shared/testing/hostile-strings';
import { ContentType, type ChatItem, type ChatState } from '@upcall/shared/participant/types';
import { render } from '@testing-library/preact';
import { describe, expect, it } from 'vitest';
import type { MediaSession } from '@upcall/shared/media/types';
import { PersonTile } from '../../call/components/PersonTile';
import { CallInvitation } from '../call-invitation';
import { CustomerApi } from '../customer-api';
import { inEnglish } from '../testing';
import { ChatStatus } from './ChatStatus';
import { InvitationCard } from './InvitationCard';
import { Transcript } from './Transcript';
import { TypingLine } from './TypingLine';

const chat = (change: Partial<ChatState>): ChatState => ({
  connection: 'online', items: [], pending: [], uploads: [], hasOlder: false, loadingOlder: false,
  typing: null, queue: null, agent: null, invitation: null, ...change,
});

const item = (change: Partial<ChatItem>): ChatItem => ({
  Id: 'i', AbsoluteTime: '2026-01-01T00:00:00.000Z', Type: 'MESSAGE', ContentType: ContentType.text,
  ParticipantId: 'agent', ParticipantRole: 'AGENT', ...change,
});

const ELEMENTS = /^(div|ol|li|p|bdi|time|span|i|button|h3|svg|path|rect|circle|line|polyline|video)$/i;

/** A text without the marks that keep a name's direction apart from its sentence's. */
const plain = (text: string | null | undefined) => (text ?? '').replace(/[\u2068\u2069]/g, '');

/** What was rendered holds the words as text, and no element that the words brought. */
function expectOnlyText(container: Element, words: string): void {
  expect(plain(container.textContent)).toContain(plain(words));
  for (const element of container.querySelectorAll('*')) {
    expect(element.localName).toMatch(ELEMENTS);
    for (const attribute of element.attributes) expect(attribute.name).not.toMatch(/^on|^style$|^href$|^src/);
  }
}

const nothing = () => undefined;

describe('two hundred hostile strings', () => {
  it('are two hundred', () => {
    expect(new Set(HOSTILE_STRINGS).size).toBeGreaterThanOrEqual(200);
  });

  it.each(HOSTILE_STRINGS.map((text, i) => [i, text] as const))('number %i is text wherever it stands', (_, text) => {
    const items = [
      item({ Id: 'm', Content: text, DisplayName: text }),
      item({ Id: 'j', Type: 'EVENT', ContentType: ContentType.joined, DisplayName: text }),
      item({ Id: 'v', Type: 'EVENT', ContentType: ContentType.invitation, DisplayName: text, Content: text }),
    ];
    const pending = [{ clientToken: 'p', text, status: 'failed' as const, failure: 'network' as const }];
    const transcript = render(inEnglish(<Transcript chat={chat({ items, pending, typing: text })} ownId="me" onOlder={nothing} onRetry={nothing} onAddress={async () => ''} maxFileBytes={1} onRetryFile={nothing} onDropFile={nothing} />));
    expectOnlyText(transcript.container, text);
    expect(transcript.container.querySelector('.message__text')!.textContent).toBe(text);
    expect(transcript.container.querySelector('.message__name')!.textContent).toBe(text);
    expect(plain(transcript.container.querySelector('.event')!.textContent)).toBe(plain(`${text} joined the conversation`));
    transcript.unmount();

    const status = render(inEnglish(<ChatStatus chat={chat({ agent: text })} />));
    expect(plain(status.container.textContent)).toBe(plain(`You are talking to ${text}`));
    status.unmount();

    const typing = render(inEnglish(<TypingLine name={text} />));
    expectOnlyText(typing.container, `${text} is writing`);
    typing.unmount();

    const call = new CallInvitation(new CustomerApi('http://test'));
    call.store.set({ stage: 'invited', invitation: { invitationId: 'i', externalMeetingId: 'm', attendeeExternalUserId: 'u', from: text } });
    const card = render(inEnglish(<InvitationCard call={call} />));
    expectOnlyText(card.container, `${text} invites you to a video call`);
    card.unmount();

    const session = { bindTile: () => nothing } as unknown as MediaSession;
    const camera = { tileId: 1, attendeeId: 'a', kind: 'camera' as const, isSelf: false };
    const person = { attendeeId: 'a', name: text, isSelf: false, muted: true, speaking: false, signal: undefined, camera };
    const tile = render(inEnglish(<PersonTile person={person} session={session} />));
    expectOnlyText(tile.container, text);
    expect(tile.container.querySelector('video')!.getAttribute('aria-label')).toBe(text);
    tile.rerender(inEnglish(<PersonTile person={{ ...person, camera: null }} session={session} />));
    expectOnlyText(tile.container, text);
    tile.unmount();
  });
});
