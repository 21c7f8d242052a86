// When an agent is told by a word that somebody's call is bad: once after it has been so for ten seconds, and again only
// when it has been good in between. Pure.
import type { PersonQuality, Reason } from './types';

export const BAD_FOR_MS = 10_000;
const BAD = 3;
const GOOD = 4;

export interface Hint {
  attendeeId: string;
  reason: Reason | undefined;
}

interface Watched {
  badSince: number | undefined;
  told: boolean;
}

export class Hints {
  private readonly people = new Map<string, Watched>();

  /** Called with everything that comes, and at least once a second. */
  step(people: readonly PersonQuality[], now: number): Hint[] {
    const out: Hint[] = [];
    for (const id of [...this.people.keys()]) {
      if (!people.some((person) => person.attendeeId === id)) this.people.delete(id);
    }
    for (const { attendeeId, score, reason } of people) {
      const watched = this.people.get(attendeeId) ?? { badSince: undefined, told: false };
      this.people.set(attendeeId, watched);
      if (score >= BAD) watched.badSince = undefined;
      else watched.badSince ??= now;
      if (score >= GOOD) watched.told = false;
      if (watched.told || watched.badSince === undefined || now - watched.badSince <= BAD_FOR_MS) continue;
      watched.told = true;
      out.push({ attendeeId, reason });
    }
    return out;
  }
}
