// The story on our own pages, axe on each of them in both themes, and what the film really shows.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';

import { launchChromium } from '../support/browsers.ts';
import { Evidence } from '../support/evidence.ts';
import { programs } from '../support/paths.ts';
import { execute } from '../support/processes.ts';
import { playStory } from './story.ts';
import { Walk } from './walk.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  help: string;
  nodes: { target: unknown; failureSummary: string }[];
}

// Colours on their way from one theme to the other are nobody's fault.
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    await frame();
    await frame();
    const roots: DocumentOrShadowRoot[] = [document];
    for (const element of document.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot);
    const running = roots.flatMap((root) => root.getAnimations()).filter((a) => a.effect?.getTiming().iterations !== Infinity);
    await Promise.all(running.map((animation) => animation.finished.catch(() => undefined)));
    await frame();
  });
}

async function faultsOf(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settle(page);
    await page.evaluate(axeSource);
    const violations = await page.evaluate(async () => {
      const axe = (window as unknown as { axe: { run(where: object, how: object): Promise<{ violations: Violation[] }> } }).axe;
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      // The announcer of react-aria keeps what it said for a while, without the element that was its label.
      const where = { exclude: [['[data-live-announcer]']] };
      return (await axe.run(where, { runOnly: { type: 'tag', values: tags } })).violations;
    });
    for (const v of violations) {
      found.push(`${colorScheme}: ${v.id}: ${v.help}: ${v.nodes.map((n) => `${JSON.stringify(n.target)} ${n.failureSummary}`).join('; ')}`);
    }
  }
  return found;
}

interface Film {
  duration_s: number;
  participants: { participant: number; screen: boolean; run: string; clock_rising: boolean; frames: number; x: number; y: number }[];
}

test('chat, call, recording, playback: three people on our pages', { timeout: 400_000 }, async () => {
  const evidence = new Evidence('story');
  const browser = await launchChromium();
  const faults: string[] = [];
  let walk: Walk | undefined;
  try {
    walk = await Walk.begin(evidence, browser);
    const { film } = await playStory(walk, async (name, page) => {
      faults.push(...(await faultsOf(page)).map((fault) => `${name}, ${fault}`));
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
    const unexpected = walk.problems.filter((p) => !/403|session will not be reconnected|MeetingEnded/.test(p));
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
