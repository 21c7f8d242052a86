import { expect, test } from 'vitest';
import { Hints } from './hints';
import type { PersonQuality } from './types';

const person = (attendeeId: string, score: number): PersonQuality => ({
  attendeeId,
  externalUserId: '',
  score,
  jitterMs: 0,
  sentKbps: 0,
  receivedKbps: 0,
  frozenPercent: 0,
  clientTells: true,
  ...(score < 4 ? { reason: { code: 'loss_up', value: 9 } } : {}),
});

test('a bad moment is no hint, more than ten seconds are one', () => {
  const hints = new Hints();
  expect(hints.step([person('a', 2)], 0)).toEqual([]);
  expect(hints.step([person('a', 2)], 10_000)).toEqual([]);
  expect(hints.step([person('a', 2)], 10_500)).toEqual([{ attendeeId: 'a', reason: { code: 'loss_up', value: 9 } }]);
  expect(hints.step([person('a', 1)], 60_000)).toEqual([]);
});

test('a better moment begins the time anew, and a good one lets the next trouble be told', () => {
  const hints = new Hints();
  hints.step([person('a', 2)], 0);
  hints.step([person('a', 3.5)], 8_000);
  expect(hints.step([person('a', 2)], 12_000)).toEqual([]);
  expect(hints.step([person('a', 2)], 23_000)).toHaveLength(1);
  hints.step([person('a', 3.5)], 24_000);
  hints.step([person('a', 2)], 25_000);
  expect(hints.step([person('a', 2)], 40_000)).toEqual([]);
  hints.step([person('a', 4.2)], 41_000);
  hints.step([person('a', 2)], 42_000);
  expect(hints.step([person('a', 2)], 53_000)).toHaveLength(1);
});

test('each person by itself, and whoever comes back begins anew', () => {
  const hints = new Hints();
  hints.step([person('a', 1), person('b', 5)], 0);
  expect(hints.step([person('a', 1), person('b', 5)], 11_000).map((hint) => hint.attendeeId)).toEqual(['a']);
  hints.step([person('b', 5)], 12_000);
  expect(hints.step([person('a', 1), person('b', 5)], 13_000)).toEqual([]);
});
