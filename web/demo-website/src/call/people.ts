// Who and what is on the screen: pure, from what the media say.
import type { Attendee, AttendeeFacts, MediaSnapshot, Signal, Tile } from '@upcall/shared/media/types';

export interface Person {
  attendeeId: string;
  name: string | null;
  isSelf: boolean;
  muted: boolean;
  speaking: boolean;
  /** As far as it is known. */
  signal: Signal | undefined;
  camera: Tile | null;
}

export interface Scene {
  people: Person[];
  /** The screen that somebody else shares; one's own within itself would help nobody. */
  content: { tile: Tile; name: string | null } | null;
  recording: boolean;
}

/** Whoever spoke last comes first and large, once somebody has: not with one other person, who is large anyway. */
export function arranged(others: readonly Person[], speakerId: string | undefined): { people: Person[]; featured: boolean } {
  const speaker = others.length > 1 ? others.find((person) => person.attendeeId === speakerId) : undefined;
  return { people: speaker ? [speaker, ...others.filter((person) => person !== speaker)] : [...others], featured: speaker !== undefined };
}

export function sceneOf(media: MediaSnapshot, known: ReadonlyMap<string, AttendeeFacts>): Scene {
  const isRecorder = (attendee: Attendee) => known.get(attendee.attendeeId)?.role === 'recording';
  const camera = (id: string) => media.tiles.find((tile) => tile.kind === 'camera' && tile.attendeeId === id) ?? null;
  const people = media.attendees
    .filter((attendee) => !isRecorder(attendee))
    .map((attendee) => ({
      attendeeId: attendee.attendeeId,
      name: known.get(attendee.attendeeId)?.name ?? null,
      isSelf: attendee.isSelf,
      muted: attendee.isSelf ? media.muted : attendee.muted,
      speaking: attendee.level > 0 && media.activeSpeaker === attendee.attendeeId,
      signal: attendee.signal,
      camera: camera(attendee.attendeeId),
    }));
  const shared = media.tiles.find((tile) => tile.kind === 'content' && !tile.isSelf);
  const content = shared ? { tile: shared, name: known.get(shared.attendeeId)?.name ?? null } : null;
  return { people, content, recording: media.attendees.some(isRecorder) };
}
