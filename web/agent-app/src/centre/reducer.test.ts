import { describe, expect, it } from 'vitest';
import { applyEvent, type Centre, EMPTY_CENTRE, lookAt, merge, sortedContacts } from './reducer';
import type { CentreEvent, ChatItem, Contact } from './types';

const agent = { agentId: 'a', username: 'alice', name: 'Alice', status: 'available' as const };
const contact = (contactId: string, state: Contact['state'] = 'connected'): Contact => ({ contactId, state });
const snapshot = (...contacts: Contact[]): CentreEvent => ({ seq: 0, type: 'snapshot', epoch: 'e', agent, contacts });
const message = (Id: string, over: Partial<ChatItem> = {}): ChatItem => ({
  Id,
  Type: 'MESSAGE',
  ContentType: 'text/plain',
  AbsoluteTime: '2026-01-01T00:00:00.000Z',
  Content: Id,
  ParticipantRole: 'CUSTOMER',
  ...over,
});
const item = (contactId: string, it: ChatItem): CentreEvent => ({ seq: 1, type: 'item', contactId, item: it });
const play = (...events: CentreEvent[]): Centre => events.reduce((centre, event) => applyEvent(centre, event, 1000), EMPTY_CENTRE);

describe('files', () => {
  it('change their status in place', () => {
    const file = (Status: 'IN_PROGRESS' | 'APPROVED') =>
      message('f', { Type: 'ATTACHMENT', Attachments: [{ AttachmentId: 'f', AttachmentName: 'a.txt', ContentType: 'text/plain', Status }] });
    const centre = play(snapshot(contact('one')), item('one', file('IN_PROGRESS')), item('one', message('m')), item('one', file('APPROVED')));
    expect(centre.chats['one']?.items.map(({ Id }) => Id)).toEqual(['f', 'm']);
    expect(centre.chats['one']?.items[0]?.Attachments?.[0]?.Status).toBe('APPROVED');
  });
});

describe('contacts', () => {
  it('come, change and go, each by its own id', () => {
    const centre = play(
      snapshot(contact('one')),
      { seq: 1, type: 'contact', contactId: 'two', state: 'connecting', contact: contact('two', 'connecting') },
      { seq: 2, type: 'contact', contactId: 'one', state: 'none' },
    );
    expect(centre.contacts.map(({ contactId }) => contactId)).toEqual(['two']);
    expect(Object.keys(centre.chats)).toEqual(['two']);
  });

  it('keep what is known when an event tells the state alone', () => {
    const known = { ...contact('one', 'connecting'), attributes: { customerName: 'Jane' } };
    const centre = play(snapshot(known), { seq: 1, type: 'contact', contactId: 'one', state: 'missed' });
    expect(centre.contacts[0]).toMatchObject({ state: 'missed', attributes: { customerName: 'Jane' } });
  });

  it('are listed by what is to be done', () => {
    const sorted = sortedContacts([contact('w', 'ended'), contact('c'), contact('o', 'connecting')]);
    expect(sorted.map(({ contactId }) => contactId)).toEqual(['o', 'c', 'w']);
  });
});

describe('chats', () => {
  it('count unread messages of the contact that is not looked at', () => {
    const before = { ...play(snapshot(contact('one'), contact('two'))), watched: 'one' };
    const after = applyEvent(applyEvent(before, item('one', message('m1')), 1), item('two', message('m2')), 1);
    expect(after.chats.one?.unread).toBe(0);
    expect(after.chats.two?.unread).toBe(1);
    expect(after.chats.one?.items.map(({ Id }) => Id)).toEqual(['m1']);
  });

  it('are read when they are looked at, and stay so', () => {
    const unread = play(snapshot(contact('one')), item('one', message('m1')));
    const seen = lookAt(unread, 'one');
    expect(seen.chats.one?.unread).toBe(0);
    expect(applyEvent(seen, item('one', message('m2')), 1).chats.one?.unread).toBe(0);
    expect(applyEvent(lookAt(seen, undefined), item('one', message('m3')), 1).chats.one?.unread).toBe(1);
  });

  it('show an item once, however often it comes', () => {
    const centre = play(snapshot(contact('one')), item('one', message('m')), item('one', message('m')));
    expect(centre.chats.one).toMatchObject({ unread: 1 });
    expect(centre.chats.one?.items).toHaveLength(1);
  });

  it('drop the own pending message when it comes over the socket first', () => {
    const centre = play(snapshot(contact('one')));
    const chat = centre.chats.one;
    if (!chat) throw new Error('no chat');
    const waiting = { ...centre, chats: { one: { ...chat, pending: [{ clientToken: 't', content: 'hi', state: 'sending' as const }] } } };
    const after = applyEvent(waiting, item('one', message('m', { ParticipantRole: 'AGENT', Content: 'hi' })), 1);
    expect(after.chats.one?.pending).toEqual([]);
    expect(after.chats.one?.unread).toBe(0);
  });

  it('know that the customer writes until a message comes', () => {
    const typing = message('t', { Type: 'EVENT', ContentType: 'application/vnd.amazonaws.connect.event.typing' });
    const writing = play(snapshot(contact('one')), item('one', typing));
    expect(writing.chats.one?.typingAt).toBe(1000);
    expect(writing.chats.one?.items).toEqual([]);
    expect(applyEvent(writing, item('one', message('m')), 2).chats.one?.typingAt).toBe(0);
  });

  it('are read again after a snapshot, and keep what they have', () => {
    const centre = play(snapshot(contact('one')), item('one', message('m')), snapshot(contact('one')));
    expect(centre.chats.one).toMatchObject({ loaded: false });
    expect(centre.chats.one?.items).toHaveLength(1);
  });

  it('stand in order of time', () => {
    const late = message('late', { AbsoluteTime: '2026-01-01T00:00:02.000Z' });
    expect(merge([late], [message('early')]).map(({ Id }) => Id)).toEqual(['early', 'late']);
  });
});
