// Plays films in real browsers, from beginning to end: tools/browser_tests.sh play FOLDER [chromium|firefox...]
//
// A film that a browser refuses, shows nothing of or ends early is a failure; all are played before it says so.
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join, resolve } from 'node:path';

import { type BrowserName, Browsers, type TestPage } from '../support/browsers.ts';

interface Played {
  error: string;
  seconds: number; // of the film, as the browser knows it
  reached: number;
  width: number;
  pictures: number;
}

const [folder = '', ...names] = process.argv.slice(2);
const browserNames = (names.length > 0 ? names : ['chromium', 'firefox']) as BrowserName[];
const films = readdirSync(folder).filter((name) => name.endsWith('.mp4')).sort();
if (films.length === 0) throw new Error(`there are no films in ${folder}`);

// With byte ranges, as players ask for them.
const server = createServer((request, response) => {
  const name = basename(new URL(request.url ?? '/', 'http://localhost').pathname);
  if (!films.includes(name)) {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>films</title><body></body>');
    return;
  }
  const file = resolve(join(folder, name));
  const { size } = statSync(file);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
  response.writeHead(range ? 206 : 200, {
    'content-type': 'video/mp4',
    'accept-ranges': 'bytes',
    'content-length': end - start + 1,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  });
  createReadStream(file, { start, end }).on('error', () => response.destroy()).pipe(response);
});
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
const url = `http://127.0.0.1:${address.port}/`;

function play(page: TestPage, film: string): Promise<Played> {
  return page.evaluate(async (source) => {
    const video = document.createElement('video');
    video.muted = true;
    video.src = source;
    document.body.replaceChildren(video);
    const error = await new Promise<string>((done) => {
      const told = (what: string) => done(`${what} ${video.error?.message ?? ''}`.trim());
      const timer = setTimeout(() => told(`stands still at ${video.currentTime}`), 60_000);
      video.addEventListener('error', () => told('refused:'));
      video.addEventListener('ended', () => {
        clearTimeout(timer);
        done('');
      });
      video.addEventListener('loadedmetadata', () => {
        video.playbackRate = 4;
        video.play().catch((reason: unknown) => told(String(reason)));
      });
    });
    return {
      error,
      seconds: video.duration,
      reached: video.currentTime,
      width: video.videoWidth,
      pictures: video.getVideoPlaybackQuality().totalVideoFrames,
    };
  }, `${url}${film}`);
}

const problems: string[] = [];
const browsers = new Browsers();
try {
  for (const name of browserNames) {
    const page = await browsers.page(name);
    await page.goto(url);
    let seconds = 0;
    for (const film of films) {
      const played = await play(page, film);
      seconds += played.seconds;
      const { error, reached, width, pictures } = played;
      if (error !== '' || width === 0 || pictures === 0 || reached < played.seconds - 0.5) problems.push(`${name}: ${film}: ${JSON.stringify(played)}`);
    }
    console.log(`${name}: ${films.length} films of ${seconds.toFixed(0)} s played`);
  }
} finally {
  await browsers.close();
  server.closeAllConnections();
  server.close();
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
