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

interface Shown {
  participant: number;
  screen: boolean;
  run: string;
  clock_rising: boolean;
  /** Where its picture stood last, in the film's pixels. */
  tile: { x: number; y: number; width: number };
}

interface Film {
  width: number;
  height: number;
  participants: Shown[];
}

const AGENT = 0; // joined first
const CUSTOMER = 1;

/** As compose::arrange documents it: one tile a person in the order of their coming; a screen large, cameras at its right. */
function tilesAreRight({ width, height, participants }: Film): void {
  const tile = (participant: number, screen = false) => {
    const found = participants.find((p) => p.participant === participant && p.screen === screen);
    assert.ok(found, `the ${screen ? 'screen' : 'camera'} of participant ${participant} is in the film`);
    return found.tile;
  };
  // Read back from forty blocks of a scaled picture: some pixels either way, a tile is hundreds of them.
  const near = (actual: number, wanted: number, what: string) => assert.ok(Math.abs(actual - wanted) <= 16, `${what}: ${actual}, wanted ${wanted}`);
  for (const [participant, half] of [[AGENT, 0], [CUSTOMER, width / 2]] as const) {
    const { x, y, width: wide } = tile(participant);
    near(x, half, `left edge of participant ${participant}`);
    near(wide, width / 2, `width of participant ${participant}`);
    // 16:9, in the middle of what is below the title.
    assert.ok(y > 0 && y + (wide * 9) / 16 < height, `participant ${participant} is seen whole`);
  }
  near(tile(CUSTOMER).y, tile(AGENT).y, 'one beside the other');
  const screen = tile(AGENT, true);
  // Pixel for pixel where it fits, in the middle of the left four fifths.
  const place = (width * 4) / 5;
  near(screen.x + screen.width / 2, place / 2, 'middle of the screen');
  assert.ok(screen.width > place / 2 && screen.width <= place + 16, `width of the screen: ${screen.width} of ${place}`);
}

// acceptance: 7, 9, 11, 24, 26, 27, 28, 31, 36, 40, 54, 61
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
    tilesAreRight(shows);

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
