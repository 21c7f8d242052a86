import { describe, expect, it } from 'vitest';
import { levelOf, personOf, Roster, signalOf } from './roster';

describe('the roster', () => {
  it('takes a content share as its person', () => {
    const roster = new Roster('me');
    roster.present('me', 'u-me');
    roster.present('jane', 'u-jane');
    roster.present('jane#content', 'u-jane#content');
    roster.tile(1, 'jane', false, false);
    roster.tile(2, 'jane#content', true, false);
    expect(roster.attendees().map(({ attendeeId, cameraOn, sharing }) => [attendeeId, cameraOn, sharing])).toEqual([
      ['me', false, false],
      ['jane', true, true],
    ]);
    expect(roster.tiles()).toContainEqual({ tileId: 2, attendeeId: 'jane', kind: 'content', isSelf: false });
    expect(personOf('jane#content')).toBe('jane');
  });

  it('tells a change only when something that is shown has changed', () => {
    const roster = new Roster('me');
    roster.present('jane', 'u');
    expect(roster.volume('jane', { volume: 0.5, muted: null, signal: null })).toBe(true);
    expect(roster.volume('jane', { volume: 0.5, muted: null, signal: null })).toBe(false);
    expect(roster.volume('jane', { volume: null, muted: true, signal: null })).toBe(true);
    expect(roster.attendees()[0]).toMatchObject({ muted: true, level: 0 });
    expect(roster.volume('nobody', { volume: 1, muted: null, signal: null })).toBe(false);
  });

  it('keeps silence at zero and loud voices at four', () => {
    expect([0, 0.01, 0.2, 0.6, 1].map(levelOf)).toEqual([0, 0, 1, 3, 4]);
    expect([0, 0.5, 1].map(signalOf)).toEqual([0, 1, 2]);
  });
});
