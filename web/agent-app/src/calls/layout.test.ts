import { describe, expect, it } from 'vitest';
import type { Attendee, MediaSnapshot, Tile } from '@upcall/shared/media/types';
import { layOut } from './layout';

const person = (attendeeId: string, isSelf = false): Attendee => ({
  attendeeId,
  externalUserId: attendeeId,
  isSelf,
  muted: false,
  level: 0,
  signal: undefined,
  cameraOn: false,
  sharing: false,
});
const tile = (tileId: number, attendeeId: string, kind: Tile['kind'] = 'camera', isSelf = false): Tile => ({ tileId, attendeeId, kind, isSelf });
const media = (tiles: Tile[]): MediaSnapshot => ({ tiles }) as unknown as MediaSnapshot;
const me = person('me', true);

describe('the stage', () => {
  // acceptance: 31
  it('shows one other person large and the own picture in the corner', () => {
    const layout = layOut(media([tile(1, 'jane'), tile(2, 'me', 'camera', true)]), [me, person('jane')], undefined);
    expect(layout.featured?.tile?.tileId).toBe(1);
    expect(layout.self?.tile?.tileId).toBe(2);
    expect(layout.others).toEqual([]);
  });

  // acceptance: 31
  it('features who was held, with the rest in the strip', () => {
    const layout = layOut(media([]), [me, person('jane'), person('bob')], 'bob');
    expect(layout.featured?.attendee.attendeeId).toBe('bob');
    expect(layout.others.map(({ attendee }) => attendee.attendeeId)).toEqual(['jane', 'me']);
  });

  it('gives the room to a share, the camera of the same person stays in the strip', () => {
    const layout = layOut(media([tile(1, 'jane'), tile(3, 'jane', 'content')]), [me, person('jane')], undefined);
    expect(layout.content?.tileId).toBe(3);
    expect(layout.others[0]?.tile?.tileId).toBe(1);
    expect(layout.featured).toBeUndefined();
  });

  it("prefers another's share to one's own", () => {
    const layout = layOut(media([tile(3, 'me', 'content', true), tile(4, 'jane', 'content')]), [me, person('jane')], undefined);
    expect(layout.content?.tileId).toBe(4);
  });

  it('is empty when one is alone', () => {
    expect(layOut(media([]), [me], undefined)).toMatchObject({ featured: undefined, content: undefined, others: [] });
  });
});
