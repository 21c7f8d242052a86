import assert from 'node:assert/strict';

import type { Walk } from '../story/walk.ts';
import { guide } from './guide.ts';
import { type Person, Players } from './players.ts';

/** Carries a guide out from its first step to its last. `titles`: the procedures that it must have, so that none is lost unseen. */
export async function follow(walk: Walk, name: string, people: Record<string, Person>, titles: string[]): Promise<void> {
  const procedures = guide(name);
  assert.deepEqual(procedures.map((p) => p.title), titles, 'the procedures of the guide');
  const players = new Players(walk, people);
  for (const { title, steps } of procedures) {
    for (const step of steps) {
      await players.play(step).catch((error: unknown) => {
        throw new Error(`docs/guides/${name}.md, “${title}”, ${String(error)}`, { cause: error });
      });
    }
  }
}
