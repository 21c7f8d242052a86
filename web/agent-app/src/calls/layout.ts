// Who is shown where. Pure, so that it can be tested without a call.
import type { Attendee, MediaSnapshot, Tile } from '@upcall/shared/media/types';

export interface Seat {
  attendee: Attendee;
  tile: Tile | undefined;
}

export interface Layout {
  /** The share that is looked at, large. */
  content: Tile | undefined;
  /** The person shown large when there is no share. */
  featured: Seat | undefined;
  others: Seat[];
  /** The own picture in the corner; undefined when it is one of `others`. */
  self: Seat | undefined;
}

/** `people`: everybody but the recorder. `held`: who was featured before, kept while the new speaker is short. */
export function layOut(media: MediaSnapshot, people: readonly Attendee[], held: string | undefined): Layout {
  const seat = (attendee: Attendee): Seat => ({
    attendee,
    tile: media.tiles.find((tile) => tile.kind === 'camera' && tile.attendeeId === attendee.attendeeId),
  });
  const remote = people.filter((attendee) => !attendee.isSelf);
  const own = people.find((attendee) => attendee.isSelf);
  const contents = media.tiles.filter((tile) => tile.kind === 'content');
  // Somebody else's share before one's own: the own screen is known.
  const content = contents.find((tile) => !tile.isSelf) ?? contents[0];
  const self = own ? seat(own) : undefined;
  if (content) return { content, featured: undefined, others: [...remote.map(seat), ...(self ? [self] : [])], self: undefined };
  if (remote.length <= 1) {
    const only = remote[0];
    return { content: undefined, featured: only ? seat(only) : undefined, others: [], self };
  }
  const featured = remote.find((attendee) => attendee.attendeeId === held) ?? (remote[0] as Attendee);
  return {
    content: undefined,
    featured: seat(featured),
    others: [...remote.filter((attendee) => attendee !== featured).map(seat), ...(self ? [self] : [])],
    self: undefined,
  };
}
