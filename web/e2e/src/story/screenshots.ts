// `make screenshots`: plays the story and takes a picture of every page in both themes, into docs/pictures.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { launchChromium } from '../support/browsers.ts';
import { Evidence } from '../support/evidence.ts';
import { root } from '../support/paths.ts';
import { playStory } from './story.ts';
import { Walk } from './walk.ts';

const directory = process.env['UPCALL_PICTURES'] ?? join(root, 'docs/pictures');
mkdirSync(directory, { recursive: true });
const evidence = new Evidence('screenshots');
const browser = await launchChromium();
let walk: Walk | undefined;
try {
  walk = await Walk.begin(evidence, browser);
  const playing = walk;
  await playStory(playing, async (name, page) => {
    await playing.portraits(true);
    if (!name.startsWith('playback')) await playing.showsPeople(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(directory, `${name}-${colorScheme}.png`), animations: 'disabled', caret: 'hide' });
    }
    await playing.portraits(false);
    console.log(name);
  });
  evidence.discard();
} catch (error) {
  await evidence.keep();
  throw error;
} finally {
  await walk?.end();
  await browser.close();
}
