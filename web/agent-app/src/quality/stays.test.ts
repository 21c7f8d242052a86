import { expect, test } from 'vitest';
import { personCalls, rowsOf } from './stays';
import type { Stay } from './types';

const stay = (over: Partial<Stay> = {}): Stay => ({
  meetingId: 'm',
  attendeeId: 'a',
  name: 'Jane',
  role: 'customer',
  beganAt: '2026-11-30T10:00:00.000Z',
  stepMs: 5000,
  columns: ['score', 'reason', 'rttMs', 'upKbps', 'somethingNew'],
  points: [[4.6, 'none', 40, 900, 'x'], null, [2, 'loss_up', 60, 300, 'y']],
  events: [{ atMs: 0, kind: 'joined' }],
  summary: { meanScore: 3.3, worstScore: 2, presentMs: 10_000, badMs: 5_000, reason: 'loss_up' },
  ...over,
});

test('columns are read by name, and who is away is a gap', () => {
  const [jane] = personCalls([stay()]);
  const began = Date.parse('2026-11-30T10:00:00Z');
  expect(jane?.samples.map(({ at, score }) => [at - began, score])).toEqual([[0, 4.6], [5000, null], [10_000, 2]]);
  expect(jane?.samples[2]).toMatchObject({ reason: 'loss_up', rttMs: 60, upKbps: 300, lossUpPercent: null });
  expect(jane?.happenings).toEqual([{ at: began, kind: 'joined' }]);
});

test('stays of one person in one call are one picture with a break; other people have their own', () => {
  const later = stay({ beganAt: '2026-11-30T10:01:00.000Z', points: [[5, 'none', 20, 900, '']], summary: { meanScore: 5, worstScore: 5, presentMs: 30_000, badMs: 0 } });
  const calls = personCalls([stay(), later, stay({ attendeeId: 'b', name: 'Ann' })]);
  expect(calls.map((one) => one.name)).toEqual(['Jane', 'Ann']);
  expect(calls[0]?.samples.map((one) => one.score)).toEqual([4.6, null, 2, null, 5]);
  expect(calls[0]?.meanScore).toBeCloseTo((3.3 * 10 + 5 * 30) / 40);
  expect(calls[0]).toMatchObject({ worstScore: 2, badMs: 5_000, presentMs: 40_000, reason: 'loss_up' });
});

test('a table keeps the worst of each stretch', () => {
  const points: Stay['points'] = Array.from({ length: 100 }, (_, index) => [index === 57 ? 1.2 : 4.5, 'none', 10, 10, '']);
  const rows = rowsOf(personCalls([stay({ points })])[0]?.samples ?? [], 10);
  expect(rows).toHaveLength(10);
  expect(Math.min(...rows.map((row) => row.score ?? 9))).toBe(1.2);
  expect(rowsOf([], 10)).toEqual([]);
});
