// What Chromium reads and how long it waits when somebody jumps about in a film of an hour on the playback page:
// tools/browser_tests.sh seek [minutes [seeks]]
//
// bench/seek_bench serves the film and measures FFmpeg's libraries first. Bytes are those that the network brought, as the
// browser's own instrument counts them, from the jump to the first picture of the new place.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { launchChromium } from '../support/browsers.ts';
import { programs, root, webRoot } from '../support/paths.ts';

interface Place {
  url: string;
  meeting: string;
  username: string;
  password: string;
  seconds: number;
}

const minutes = process.argv[2] ?? '60';
const count = Number(process.argv[3] ?? 40);

const bench = spawn(join(programs, 'seek_bench'), ['--minutes', minutes, '--hold', webRoot], { stdio: ['pipe', 'pipe', 'inherit'] });
const place = await new Promise<Place>((done, fail) => {
  bench.once('exit', (code) => fail(new Error(`seek_bench ended with ${code}`)));
  createInterface(bench.stdout).on('line', (line) => (line.startsWith('{') ? done(JSON.parse(line) as Place) : console.log(line)));
});

const percentile = (values: number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN;
};

const browser = await launchChromium();
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  let bytes = 0;
  network.on('Network.dataReceived', ({ dataLength, encodedDataLength }) => (bytes += Math.max(dataLength, encodedDataLength)));
  await network.send('Network.enable');
  await page.goto(`${place.url}/recording/${place.meeting}`);
  await page.getByLabel('User name or e-mail').fill(place.username);
  await page.getByLabel('Password').fill(place.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  const video = page.locator('video');
  await video.waitFor();
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2, null, { timeout: 30_000 });

  const jump = (at: number) => video.evaluate(async (element, to) => {
    const v = element as HTMLVideoElement;
    v.pause();
    const begun = performance.now();
    const shown = new Promise<number>((done, fail) => {
      setTimeout(() => fail(new Error(`no picture of ${to}`)), 20_000);
      const look = () => v.requestVideoFrameCallback((_, { mediaTime }) => (mediaTime > to - 0.2 && mediaTime < to + 0.2 ? done(mediaTime) : look()));
      look();
    });
    v.currentTime = to;
    await shown;
    return performance.now() - begun;
  }, at);

  const ms: number[] = [];
  const read: number[] = [];
  for (let i = 0; i < count; ++i) {
    // Every fourth just behind the beginning of a fragment of two seconds.
    const anywhere = 1 + Math.random() * (place.seconds - 5);
    const at = i % 4 === 3 ? Math.floor(anywhere / 2) * 2 + Math.random() * 0.1 : anywhere;
    const before = bytes;
    ms.push(await jump(at));
    read.push((bytes - before) / 1e6);
    // It must also go on from there.
    await video.evaluate(async (element, from) => {
      const v = element as HTMLVideoElement;
      v.muted = true;
      v.playbackRate = 4;
      await v.play();
      while (v.currentTime < from + 3) await new Promise((next) => setTimeout(next, 20));
      v.pause();
    }, at);
  }
  const summary = { seekMs: { p50: percentile(ms, 0.5), p95: percentile(ms, 0.95), max: Math.max(...ms) }, seekMB: { p50: percentile(read, 0.5), p95: percentile(read, 0.95), max: Math.max(...read) } };
  console.log(`Chromium on the playback page, ${count} jumps in ${place.seconds.toFixed(0)} s: first picture ${summary.seekMs.p50.toFixed(0)} ms median, ${summary.seekMs.p95.toFixed(0)} p95, ${summary.seekMs.max.toFixed(0)} most; ` +
    `${summary.seekMB.p50.toFixed(2)} MB median, ${summary.seekMB.p95.toFixed(2)} p95, ${summary.seekMB.max.toFixed(2)} most`);
  const directory = join(root, 'build/bench');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'browser_seek.json'), JSON.stringify({ load: loadavg()[0], seconds: place.seconds, count, summary, ms, megabytes: read }, null, 1));
} finally {
  await browser.close();
  bench.removeAllListeners('exit');
  bench.stdin.end();
}
