// What a film's manifest says of it, as a list in the film's own time. Pure.
import type { FilmManifest, HealthKind } from '../api/recordings';

export type FilmEvent =
  | { kind: 'joins' | 'leaves'; atMs: number; name: string }
  | { kind: 'paused' | 'forgotten' | 'missing'; atMs: number; lengthMs: number }
  | { kind: 'finding'; atMs: number; finding: HealthKind; isAlarm: boolean };

/** Who was only away for a moment has not left. */
const AWAY_MS = 5_000;
/** Nobody leaves because the film is over. */
const END_MS = 1_500;
const MOST = 200;

export function filmEvents({ film, participants, pauses, forgotten = [], gaps, health }: FilmManifest): FilmEvent[] {
  const out: FilmEvent[] = [];
  for (const { name, spans } of participants) {
    spans.forEach(({ joinedMs, leftMs }, index) => {
      const before = spans[index - 1];
      const after = spans[index + 1];
      if (!before || joinedMs - before.leftMs >= AWAY_MS) out.push({ kind: 'joins', atMs: joinedMs, name });
      if (after ? after.joinedMs - leftMs >= AWAY_MS : film.durationMs - leftMs >= END_MS) out.push({ kind: 'leaves', atMs: leftMs, name });
    });
  }
  const spans = (kind: 'paused' | 'forgotten' | 'missing', list: { fromMs: number; untilMs: number }[]) => {
    for (const { fromMs, untilMs } of list) out.push({ kind, atMs: fromMs, lengthMs: untilMs - fromMs });
  };
  spans('paused', pauses);
  spans('forgotten', forgotten);
  spans('missing', gaps);
  for (const { kind, severity, atMs } of health.check?.findings ?? []) {
    out.push({ kind: 'finding', atMs, finding: kind, isAlarm: severity === 'alarm' });
  }
  return out.sort((one, other) => one.atMs - other.atMs).slice(0, MOST);
}
