// Who and what is on the screen: pure, from what the media say.
import type { Attendee, MediaSnapshot, Signal, Tile } from '@upcall/shared/media/types';

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

export function sceneOf(media: MediaSnapshot, names: ReadonlyMap<string, string>, recorderName: string | null): Scene {
  const isRecorder = (attendee: Attendee) => !attendee.isSelf && recorderName !== null && names.get(attendee.attendeeId) === recorderName;
  const camera = (id: string) => media.tiles.find((tile) => tile.kind === 'camera' && tile.attendeeId === id) ?? null;
  const people = media.attendees
    .filter((attendee) => !isRecorder(attendee))
    .map((attendee) => ({
      attendeeId: attendee.attendeeId,
      name: names.get(attendee.attendeeId) ?? null,
      isSelf: attendee.isSelf,
      muted: attendee.isSelf ? media.muted : attendee.muted,
      speaking: attendee.level > 0 && media.activeSpeaker === attendee.attendeeId,
      signal: attendee.signal,
      camera: camera(attendee.attendeeId),
    }));
  const shared = media.tiles.find((tile) => tile.kind === 'content' && !tile.isSelf);
  const content = shared ? { tile: shared, name: names.get(shared.attendeeId) ?? null } : null;
  return { people, content, recording: media.attendees.some(isRecorder) };
}
