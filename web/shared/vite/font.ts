/// <reference path="./subset-font.d.ts" />
// Cuts the shipped font to what the pages need (shared/src/font/faces.ts): from 133 KB to 39 KB, of which most visitors
// fetch 28 KB. Made once, into node_modules/.cache.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import subsetFont from 'subset-font';
import type { Plugin } from 'vite';
import { charactersOf, FONT_PARTS, FONT_WEIGHTS } from '../src/font/faces.ts';

const cache = fileURLToPath(new URL('../../node_modules/.cache/upcall-font', import.meta.url));
const require = createRequire(import.meta.url);

/** The folder with inter-latin.woff2 and inter-latin-ext.woff2; apps give it the alias @upcall/font. */
export async function fontFolder(): Promise<string> {
  const wholes = FONT_PARTS.map(({ name }) => readFileSync(require.resolve(`@fontsource-variable/inter/files/inter-${name}-wght-normal.woff2`)));
  const made = createHash('sha256').update(JSON.stringify([FONT_PARTS, FONT_WEIGHTS]));
  for (const whole of wholes) made.update(whole);
  const folder = join(cache, made.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  // Two builds at once must not see half of it; who comes second throws its own away.
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(`${folder}.`);
  for (const [i, { name, unicodeRange }] of FONT_PARTS.entries()) {
    const font = await subsetFont(wholes[i]!, charactersOf(unicodeRange), {
      targetFormat: 'woff2',
      variationAxes: { wght: { ...FONT_WEIGHTS, default: FONT_WEIGHTS.min } },
    });
    writeFileSync(join(unfinished, `inter-${name}.woff2`), font);
  }
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** The page names the font, which browsers otherwise find behind the style sheet and the first text. */
export function fontPreload(): Plugin {
  let base = '/';
  return {
    name: 'font-preload',
    apply: 'build',
    configResolved: (config) => void (base = config.base),
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle }) {
        const font = Object.keys(bundle ?? {}).find((name) => /inter-latin-(?!ext-)[\w-]+\.woff2$/.test(name));
        if (!font) throw new Error('the font is not in this build');
        return [{ tag: 'link', attrs: { rel: 'preload', href: base + font, as: 'font', type: 'font/woff2', crossorigin: true }, injectTo: 'head' }];
      },
    },
  };
}
