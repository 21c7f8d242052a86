// The story on our own pages, axe on each of them, and what the film really shows.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { faultsOf } from '../support/axe.ts';
import { launchChromium } from '../support/browsers.ts';
import { Evidence } from '../support/evidence.ts';
import { programs } from '../support/paths.ts';
import { execute } from '../support/processes.ts';
import { playStory } from './story.ts';
import { Walk } from './walk.ts';

interface Film {
  duration_s: number;
  participants: { participant: number; screen: boolean; run: string; clock_rising: boolean; frames: number; x: number; y: number }[];
}

// acceptance: 7, 9, 11, 24, 26, 27, 28, 31, 36, 40, 61
test('chat, call, recording, playback: three people on our pages', { timeout: 400_000 }, async () => {
  const evidence = new Evidence('story');
  const browser = await launchChromium();
  const faults: string[] = [];
  let walk: Walk | undefined;
  try {
    walk = await Walk.begin(evidence, browser);
    const { film } = await playStory(walk, async (name, page) => {
      faults.push(...(await faultsOf(page, name)));
    });

    const file = join(evidence.directory, 'film.mp4');
    writeFileSync(file, film);
    const { stdout } = await execute(join(programs, 'upcall-recorder'), ['inspect', file, '--json'], { timeout: 120_000 });
    const shows = JSON.parse(stdout) as Film;
    for (const p of shows.participants) {
      assert.equal(p.run, walk.run, 'the film shows this run');
      assert.ok(p.clock_rising, `the clock of participant ${p.participant} rises`);
    }
    const cameras = shows.participants.filter((p) => !p.screen);
    assert.deepEqual([...new Set(cameras.map((p) => p.participant))].sort(), [0, 1], 'both people are in the film');
    assert.ok(shows.participants.some((p) => p.screen && p.participant === 0), "the agent's screen is in the film");

    assert.deepEqual(faults, [], 'axe finds nothing');
    // A refused page answers 403 to its own script, which the browser reports as an error.
    const unexpected = walk.problems.filter((p) => !/403/.test(p));
    assert.deepEqual(unexpected, [], 'no error on any console');
    evidence.discard();
  } catch (error) {
    if (faults.length > 0) writeFileSync(join(evidence.directory, 'axe.txt'), faults.join('\n'));
    await evidence.keep();
    throw error;
  } finally {
    await walk?.end();
    await browser.close();
  }
});
