// Kept stays as a page shows them: one picture a person and call. Pure.
import type { Stay } from './types';

export interface Sample {
  /** Unix milliseconds. */
  at: number;
  /** Null: not there, or not measured. */
  score: number | null;
  reason: string;
  rttMs: number | null;
  lossUpPercent: number | null;
  lossDownPercent: number | null;
  frozenPercent: number | null;
  upKbps: number | null;
  downKbps: number | null;
}

export interface Happening {
  at: number;
  kind: string;
}

export interface PersonCall {
  key: string;
  name: string;
  role: string;
  meanScore: number;
  worstScore: number;
  presentMs: number;
  badMs: number;
  reason: string | undefined;
  samples: Sample[];
  happenings: Happening[];
}

const NUMBERS = ['score', 'rttMs', 'lossUpPercent', 'lossDownPercent', 'frozenPercent', 'upKbps', 'downKbps'] as const;
const NOT_THERE = { score: null, reason: '', rttMs: null, lossUpPercent: null, lossDownPercent: null, frozenPercent: null, upKbps: null, downKbps: null };

function samplesOf(stay: Stay): Sample[] {
  const began = Date.parse(stay.beganAt);
  const column = Object.fromEntries(stay.columns.map((name, index) => [name, index]));
  return stay.points.map((point, index) => {
    const at = began + index * stay.stepMs;
    if (!point) return { at, ...NOT_THERE };
    const value = (name: string) => point[column[name] ?? -1];
    const sample: Sample = { at, ...NOT_THERE, reason: String(value('reason') ?? '') };
    for (const name of NUMBERS) {
      const number = value(name);
      if (typeof number === 'number') sample[name] = number;
    }
    return sample;
  });
}

/** Stays of the same person in the same call follow each other, with a gap between. */
export function personCalls(stays: readonly Stay[]): PersonCall[] {
  const out = new Map<string, PersonCall>();
  for (const stay of stays) {
    const key = `${stay.meetingId} ${stay.attendeeId}`;
    const samples = samplesOf(stay);
    const happenings = stay.events.map(({ atMs, kind }) => ({ at: Date.parse(stay.beganAt) + atMs, kind }));
    const { summary } = stay;
    const before = out.get(key);
    if (!before) {
      out.set(key, { key, name: stay.name, role: stay.role, ...summary, reason: summary.reason, samples, happenings });
      continue;
    }
    const last = before.samples.at(-1);
    const whole = before.presentMs + summary.presentMs;
    out.set(key, {
      ...before,
      meanScore: whole > 0 ? (before.meanScore * before.presentMs + summary.meanScore * summary.presentMs) / whole : before.meanScore,
      worstScore: Math.min(before.worstScore, summary.worstScore),
      presentMs: whole,
      badMs: before.badMs + summary.badMs,
      reason: summary.badMs > before.badMs ? summary.reason : before.reason,
      samples: [...before.samples, ...(last ? [{ at: last.at + 1, ...NOT_THERE }] : []), ...samples],
      happenings: [...before.happenings, ...happenings],
    });
  }
  return [...out.values()];
}

/** At most `most` rows for a table: of each stretch the moment with the worst score. */
export function rowsOf(samples: readonly Sample[], most: number): Sample[] {
  const there = samples.filter((sample) => sample.score !== null);
  const stretch = Math.ceil(there.length / most);
  const rows: Sample[] = [];
  for (let from = 0; from < there.length; from += stretch) {
    rows.push(there.slice(from, from + stretch).reduce((worst, one) => ((one.score ?? 5) < (worst.score ?? 5) ? one : worst)));
  }
  return rows;
}
