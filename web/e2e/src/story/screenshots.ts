// `make screenshots`: plays the story and takes a picture of every page in both themes, into docs/pictures. With the word
// pipeline: the pages of the pipeline alone.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { launchChromium } from '../support/browsers.ts';
import { Evidence } from '../support/evidence.ts';
import { root } from '../support/paths.ts';
import { playStory } from './story.ts';
import { Pipeline } from './pipeline.ts';
import { type Stop, Walk } from './walk.ts';

const directory = process.env['UPCALL_PICTURES'] ?? join(root, 'docs/pictures');
mkdirSync(directory, { recursive: true });
const evidence = new Evidence('screenshots');
const browser = await launchChromium();
let walk: Walk | undefined;
try {
  walk = await Walk.begin(evidence, browser);
  const playing = walk;
  const picture: Stop = async (name, page) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(directory, `${name}-${colorScheme}.png`), animations: 'disabled', caret: 'hide' });
    }
    console.log(name);
  };
  if (process.argv[2] !== 'pipeline') {
    await playStory(playing, async (name, page) => {
      await playing.portraits(true);
      if (!name.startsWith('playback')) await playing.showsPeople(page);
      await picture(name, page);
      await playing.portraits(false);
    });
  }
  await playPipeline(playing, picture);
  evidence.discard();
} catch (error) {
  await evidence.keep();
  throw error;
} finally {
  await walk?.end();
  await browser.close();
}

/** One run that succeeded, one that failed, and one that works. */
async function playPipeline(walk: Walk, stop: Stop): Promise<void> {
  const page = await walk.window('/pipeline');
  await walk.logIn(page, await walk.server.addUser('Ada Admin', ['Admin'], 'Demo'));
  const pipeline = await Pipeline.begin(walk);
  try {
    const run = (number: number, state: string) => page.getByRole('row', { name: new RegExp(`^Run ${number} `) }).getByText(state).first().waitFor();
    await page.reload();
    await pipeline.push('A greeting on the first page', { BuildAndTest: 'echo 1234 tests passed', Package: 'true', Deploy: 'true', Verify: 'true' });
    await run(1, 'Succeeded');
    await pipeline.push('Show the queue place in words', { BuildAndTest: 'echo "queue_test.cpp:41: expected 2, got 3"; exit 1', Package: 'true', Deploy: 'true', Verify: 'true' });
    await run(2, 'Failed');
    const works = 'for file in answer room session; do echo "Building $file.cpp"; done; until [ -e $UPCALL_DATA_DIR/go ]; do sleep 0.05; done';
    await pipeline.push('Show the queue place in words, counted right', { BuildAndTest: works, Package: 'true', Deploy: 'true', Verify: 'true' });
    await run(3, 'Running');
    await stop('pipeline', page);
    await page.getByRole('link', { name: 'Run 3' }).click();
    await page.getByRole('log').getByText('Building session.cpp').waitFor();
    await stop('pipeline-run', page);
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.getByRole('link', { name: 'Run 2' }).click();
    await page.getByRole('log').getByText('expected 2, got 3').waitFor();
    await stop('pipeline-failed', page);
  } finally {
    writeFileSync(pipeline.go, '');
    await pipeline.end();
  }
}
