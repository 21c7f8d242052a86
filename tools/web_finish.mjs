// The last step of tools/web.sh: compresses the built pages and holds them to their budgets.
//
//   node tools/web_finish.mjs build/web
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = process.argv[2];
/** As people count: what is promised in KB must hold by the stricter reading. */
const KB = 1000;

// What an agent loads before a call, with Brotli as browsers take it (gzip is a tenth more): the page, all that it names, the
// font, the larger language, and the parts that are fetched on the way. The customer's page and the widget have their budgets in their own
// build (demo-website/vite/size-budget.ts).
const entry = 'agent-app/index.html';
const budgets = [
  { what: 'agent, log-in', parts: [], limit: 218 * KB },
  { what: 'agent, log-in and desk', parts: ['DeskPage', 'ChatPane'], limit: 230 * KB },
  { what: 'agent, up to a call', parts: ['DeskPage', 'ChatPane', 'DevicesPage'], limit: 242 * KB },
];

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  .map((entry) => join(entry.parentPath, entry.name));

for (const file of files) {
  if (!/\.(js|css|html|svg|json|txt|map|webmanifest)$/.test(file)) continue;
  const bytes = readFileSync(file);
  if (bytes.length < 200) continue;
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(
    `${file}.br`,
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  );
}

const transferred = (file) => (existsSync(`${file}.br`) ? statSync(`${file}.br`).size : statSync(file).size);

// Files that a file makes the browser load at once: static imports, stylesheets, scripts, pictures, fonts. A dynamic
// import() is a call, and not counted.
function loadedBy(file) {
  const app = join(root, relative(root, file).split('/')[0]);
  const text = readFileSync(file, 'utf8');
  const names = [];
  const add = (pattern) => [...text.matchAll(pattern)].forEach((match) => names.push(match[1]));
  if (file.endsWith('.html')) add(/(?:src|href)="([^"]+\.(?:js|css|svg|png|webp|woff2)[^"]*)"/g);
  if (file.endsWith('.js')) {
    add(/(?:^|[;}\s])(?:import|export)\s*(?:[^'"()]*?from\s*)?["'](\.{0,2}\/[^"']+\.js)["']/g);
  }
  if (file.endsWith('.css')) add(/url\(["']?([^"')]+\.woff2)["']?\)/g);
  return names
    // The second part of the font is fetched for a text that needs it.
    .filter((name) => !/latin-ext/.test(name))
    .filter((name) => !/^[a-z]+:|^\/\//.test(name))
    .map((name) => {
      const clean = name.split(/[?#]/)[0];
      if (!clean.startsWith('/')) return normalize(join(dirname(file), clean));
      // "/agent-app/assets/x.js" or "/assets/x.js", as the app's base has it.
      const inRoot = join(root, clean);
      return existsSync(inRoot) ? inRoot : join(app, clean);
    })
    .filter((path) => existsSync(path));
}

/** Scripts and style sheets of a part, by the name that the bundler gave it. */
function partOf(name) {
  const found = files.filter((file) => new RegExp(`/agent-app/assets/${name}-[\\w-]{8}\\.(js|css)$`).test(file));
  if (found.length === 0) throw new Error(`there is no part ${name}`);
  return found;
}

if (!existsSync(join(root, entry))) throw new Error(`${entry} was not built`);
const language = ['en', 'de'].flatMap(partOf).sort((a, b) => transferred(b) - transferred(a))[0];

let failed = false;
for (const { what, parts, limit } of budgets) {
  const seen = new Set();
  const open = [join(root, entry), language, ...parts.flatMap(partOf)];
  while (open.length > 0) {
    const file = open.pop();
    if (seen.has(file)) continue;
    seen.add(file);
    if (/\.(html|js|css)$/.test(file)) open.push(...loadedBy(file));
  }
  const size = [...seen].reduce((sum, file) => sum + transferred(file), 0);
  const verdict = size > limit ? 'TOO LARGE' : 'ok';
  failed ||= size > limit;
  console.log(`web: ${what}: ${(size / KB).toFixed(1)} of ${limit / KB} KB in ${seen.size} files: ${verdict}`);
  if (size > limit) {
    for (const file of seen) console.log(`       ${(transferred(file) / KB).toFixed(1)} KB ${relative(root, file)}`);
  }
}
process.exit(failed ? 1 : 0);
