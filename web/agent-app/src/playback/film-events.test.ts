import { describe, expect, it } from 'vitest';
import type { FilmManifest } from '../api/recordings';
import { filmEvents } from './film-events';

const manifest = (more: Partial<FilmManifest>): FilmManifest => ({
  film: { durationMs: 60_000 }, participants: [], pauses: [], gaps: [], health: {}, ...more,
});
const spans = (...list: [number, number][]) => list.map(([joinedMs, leftMs]) => ({ joinedMs, leftMs }));

describe('what is in a film', () => {
  it('is told in its order', () => {
    const events = filmEvents(manifest({
      participants: [{ attendeeId: 'a', name: 'Alice', spans: spans([0, 60_000]) }, { attendeeId: 'c', name: 'Carl', spans: spans([2_000, 40_000]) }],
      pauses: [{ fromMs: 10_000, untilMs: 14_000 }],
      forgotten: [{ fromMs: 20_000, untilMs: 25_000 }],
      gaps: [{ fromMs: 30_000, untilMs: 30_500 }],
      health: { check: { findings: [{ kind: 'silent', severity: 'alarm', atMs: 5_000 }] } },
    }));
    expect(events).toEqual([
      { kind: 'joins', atMs: 0, name: 'Alice' },
      { kind: 'joins', atMs: 2_000, name: 'Carl' },
      { kind: 'finding', atMs: 5_000, finding: 'silent', isAlarm: true },
      { kind: 'paused', atMs: 10_000, lengthMs: 4_000 },
      { kind: 'forgotten', atMs: 20_000, lengthMs: 5_000 },
      { kind: 'missing', atMs: 30_000, lengthMs: 500 },
      { kind: 'leaves', atMs: 40_000, name: 'Carl' },
    ]);
  });

  it('does not make somebody who was away for a moment leave', () => {
    const away = filmEvents(manifest({ participants: [{ attendeeId: 'c', name: 'Carl', spans: spans([0, 10_000], [12_000, 30_000], [50_000, 59_000]) }] }));
    expect(away.map(({ kind, atMs }) => [kind, atMs])).toEqual([['joins', 0], ['leaves', 30_000], ['joins', 50_000]]);
  });
});
