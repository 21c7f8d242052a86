import type { Attendee, AttendeeFacts, MediaSnapshot } from '@upcall/shared/media/types';
import { describe, expect, it } from 'vitest';
import { arranged, sceneOf } from './people';

const attendee = (attendeeId: string, more: Partial<Attendee> = {}): Attendee => ({
  attendeeId, externalUserId: `x-${attendeeId}`, isSelf: false, muted: false, level: 0, signal: 2, cameraOn: false, sharing: false, ...more,
});

const media = (change: Partial<MediaSnapshot>): MediaSnapshot => ({
  phase: 'connected', endReason: undefined, attendees: [], tiles: [], activeSpeaker: undefined, muted: false, hasMicrophone: true,
  cameraOn: false, sharing: false, speakerOn: true, soundBlocked: false, ownSignal: 2, problem: undefined, ...change,
});

describe('the scene of a call', () => {
  const attendees = [attendee('me', { isSelf: true }), attendee('a'), attendee('r')];
  const known = new Map<string, AttendeeFacts>([['a', { name: 'Alice', role: 'owner' }], ['r', { name: 'RECORDING', role: 'recording' }]]);

  it('the recording is a sign, not a person', () => {
    const scene = sceneOf(media({ attendees }), known);
    expect(scene.recording).toBe(true);
    expect(scene.people.map((person) => person.attendeeId)).toEqual(['me', 'a']);
  });

  // acceptance: 12
  it('nobody is the recording by a name', () => {
    const namesakes = new Map<string, AttendeeFacts>([['a', { name: 'RECORDING', role: 'owner' }], ['r', { name: 'RECORDING', role: 'other' }]]);
    const scene = sceneOf(media({ attendees }), namesakes);
    expect(scene.recording).toBe(false);
    expect(scene.people.map((person) => person.name)).toEqual([null, 'RECORDING', 'RECORDING']);
  });

  // acceptance: 12
  it('a shared screen carries the name of who shares', () => {
    const tiles = [{ tileId: 1, attendeeId: 'a', kind: 'camera' as const, isSelf: false }, { tileId: 2, attendeeId: 'a', kind: 'content' as const, isSelf: false }];
    const scene = sceneOf(media({ attendees, tiles }), known);
    expect(scene.content).toMatchObject({ name: 'Alice', tile: { tileId: 2 } });
    expect(scene.people[1]!.camera?.tileId).toBe(1);
    const own = [{ tileId: 3, attendeeId: 'me', kind: 'content' as const, isSelf: true }];
    expect(sceneOf(media({ attendees, tiles: own }), known).content).toBeNull();
  });
});

describe('the arrangement of the others', () => {
  const people = (...ids: string[]) => sceneOf(media({ attendees: ids.map((id) => attendee(id)) }), new Map()).people;
  const ids = (speaker: string | undefined, ...all: string[]) => {
    const { people: shown, featured } = arranged(people(...all), speaker);
    return [featured, ...shown.map((person) => person.attendeeId)];
  };

  it('is a grid until somebody speaks, then who spoke last is large', () => {
    expect(ids(undefined, 'a', 'b', 'c')).toEqual([false, 'a', 'b', 'c']);
    expect(ids('b', 'a', 'b', 'c')).toEqual([true, 'b', 'a', 'c']);
  });

  it('changes nothing for one other person, or when the speaker has gone', () => {
    expect(ids('a', 'a')).toEqual([false, 'a']);
    expect(ids('gone', 'a', 'b')).toEqual([false, 'a', 'b']);
  });
});
