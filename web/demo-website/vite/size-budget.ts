// The build fails when the widget before a call, or a first visit of the page, grows over what was promised.
import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** As people count, gzipped. Promised are 60 and 150; what was won is kept. */
const KB = 1000;
const WIDGET_LIMIT = 49 * KB;
const PAGE_LIMIT = 90 * KB;

type Bundle = Rolldown.OutputBundle;

function bytes(part: Bundle[string]): number {
  const content = part.type === 'chunk' ? part.code : part.source;
  // Fonts are compressed already.
  return /\.(woff2|png|webp)$/.test(part.fileName) ? content.length : gzipSync(content, { level: 9 }).length;
}

/** A chunk and everything it imports statically, styles included. */
function closure(bundle: Bundle, fileName: string, found = new Set<string>()): Set<string> {
  const part = bundle[fileName];
  if (!part || found.has(fileName)) return found;
  found.add(fileName);
  if (part.type === 'chunk') {
    for (const style of part.viteMetadata?.importedCss ?? []) found.add(style);
    for (const name of part.imports) closure(bundle, name, found);
  }
  return found;
}

function chunkOf(bundle: Bundle, pattern: RegExp): string {
  const part = Object.values(bundle).find((p) => p.type === 'chunk' && pattern.test(p.facadeModuleId ?? ''));
  if (!part) throw new Error(`no chunk of ${pattern}`);
  return part.fileName;
}

export function sizeBudget(): Plugin {
  return {
    name: 'size-budget',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const sum = (names: Iterable<string>) => [...names].reduce((total, name) => total + (bundle[name] ? bytes(bundle[name]) : 0), 0);
        const widget = closure(bundle, chunkOf(bundle, /src\/widget\/main\.ts$/));
        // One language is loaded at a time; the larger one counts.
        const languages = ['en', 'de'].map((name) => chunkOf(bundle, new RegExp(`src/locales/${name}\\.json$`)));
        const language = Math.max(...languages.map((name) => sum([name])));
        const widgetBytes = sum(widget) + sum(['widget.js']) + language;

        const page = closure(bundle, chunkOf(bundle, /demo-website\.html$/), new Set(widget));
        for (const name of Object.keys(bundle)) {
          // The second part of the font is fetched for a text that needs it.
          if (/\.(woff2|html|svg)$/.test(name) && !/latin-ext/.test(name)) page.add(name);
        }
        const pageLanguage = Math.max(...['en', 'de'].map((name) => sum([chunkOf(bundle, new RegExp(`src/page/locales/${name}\\.json$`))])));
        const pageBytes = sum(page) + sum(['widget.js']) + language + pageLanguage;

        this.info(`widget before a call ${kb(widgetBytes)} of ${kb(WIDGET_LIMIT)}, first visit of the page ${kb(pageBytes)} of ${kb(PAGE_LIMIT)}`);
        if (widgetBytes > WIDGET_LIMIT) this.error('the widget is too large before a call');
        if (pageBytes > PAGE_LIMIT) this.error('the first visit of the page is too large');
      },
    },
  };
}

function kb(count: number): string {
  return `${(count / KB).toFixed(1)} KB`;
}
