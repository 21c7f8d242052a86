import { describe, expect, it } from 'vitest';
import { mergeItem, mergePage, presentAgent, readQueuePlace } from './transcript';
import { ContentType, type ChatItem } from './types';

const item = (id: string, at: number, more: Partial<ChatItem> = {}): ChatItem => ({
  Id: id, AbsoluteTime: `2026-01-01T00:00:0${at}.000Z`, Type: 'MESSAGE', ContentType: 'text/plain', Content: id, ...more,
});
const ids = (items: readonly ChatItem[]) => items.map((i) => i.Id).join('');

describe('merging', () => {
  it('keeps the server\'s order within one millisecond', () => {
    expect(ids(mergePage([item('b', 1)], [item('a', 1), item('b', 1), item('c', 1)]))).toBe('abc');
  });

  it('puts older pages before and newer ones behind', () => {
    const known = [item('c', 3), item('d', 4)];
    expect(ids(mergePage(known, [item('a', 1), item('b', 2)]))).toBe('abcd');
    expect(ids(mergePage(known, [item('d', 4), item('e', 5)]))).toBe('cde');
  });

  it('keeps what the socket brought while a page was on its way', () => {
    expect(ids(mergePage([item('a', 1), item('z', 9)], [item('a', 1), item('b', 2)]))).toBe('abz');
  });

  it('returns the same list for an item that is known', () => {
    const known = [item('a', 1)];
    expect(mergeItem(known, item('a', 1))).toBe(known);
  });

  it('takes what became of a file from the same item', () => {
    const sent = item('f', 1, { Type: 'ATTACHMENT' });
    const approved = { ...sent, ContentType: 'approved' };
    expect(mergeItem([item('a', 1), sent], approved)).toEqual([item('a', 1), approved]);
  });
});

describe('what follows from the list', () => {
  it('an agent who left is not there', () => {
    const joined = item('j', 1, { Type: 'EVENT', ContentType: ContentType.joined, ParticipantRole: 'AGENT', DisplayName: 'Alice' });
    const left = { ...joined, Id: 'l', ContentType: ContentType.left };
    expect(presentAgent([joined])).toBe('Alice');
    expect(presentAgent([joined, left])).toBeNull();
  });

  it('a place in the queue is a positive whole number or nothing', () => {
    const place = (content: string) => readQueuePlace(item('q', 1, { Type: 'EVENT', ContentType: ContentType.queuePosition, Content: content }));
    expect(place('{"position":1}')).toEqual({ position: 1, length: 1 });
    expect(place('{"position":3,"queueLength":1}')).toEqual({ position: 3, length: 3 });
    for (const bad of ['', '{}', '{"position":0}', '{"position":-2}', '{"position":"1"}', '{"position":1.5}', 'null']) expect(place(bad)).toBeNull();
  });
});
