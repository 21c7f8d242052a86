// The whole story as three people live it, on the product's own pages. Whoever plays it says what happens at each stop.
import { randomBytes } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import type { Reading } from '../../client-page/party.ts';
import { chromiumFlags } from '../support/browsers.ts';
import type { Evidence } from '../support/evidence.ts';
import { patternScript, webRoot } from '../support/paths.ts';
import { Upcall } from '../support/upcall.ts';
import { until } from '../support/wait.ts';

declare const window: { upcallPattern: { install(who: object): void; read(video: HTMLVideoElement): Reading | null } };

export { chromiumFlags };

/** A page that is worth a look, under the name of its picture. */
export type Stop = (name: string, page: Page) => Promise<void>;

interface Login {
  username: string;
  password: string;
}

export class Walk {
  readonly run = randomBytes(8).toString('hex');
  readonly clockZero = Date.now();
  readonly problems: string[] = [];
  readonly server: Upcall;
  readonly people: Record<'alice' | 'sam' | 'otto', Login>;
  private readonly browser: Browser;
  private readonly contexts: BrowserContext[] = [];

  private constructor(server: Upcall, browser: Browser, people: Walk['people']) {
    this.server = server;
    this.browser = browser;
    this.people = people;
  }

  static async begin(evidence: Evidence, browser: Browser): Promise<Walk> {
    const server = await Upcall.start(evidence, { more: ['--web-dir', webRoot] });
    const alice = await server.addUser('Alice Agent', ['Agent'], 'Demo/Team');
    const sam = await server.addUser('Sam Supervisor', ['QualityAnalyst', 'VideoCallRecordingPlayback'], 'Demo');
    const otto = await server.addUser('Otto Other', ['QualityAnalyst', 'VideoCallRecordingPlayback'], 'Elsewhere');
    const walk = new Walk(server, browser, { alice, sam, otto });
    evidence.onFailure('problems.json', () => walk.problems);
    evidence.onFailure('pictures.txt', async () => {
      const pages = walk.contexts.flatMap((context) => context.pages());
      await Promise.all(pages.map((page, i) => page.screenshot({ path: `${evidence.directory}/page-${i}.png` })));
      return pages.map((page, i) => `page-${i}.png: ${page.url()}`).join('\n');
    });
    return walk;
  }

  /** A new window of somebody's own; with a number, camera, microphone and screen are the test pattern's. */
  async window(path: string, options: { participant?: number; phone?: boolean } = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: options.phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
      locale: 'en-GB',
      reducedMotion: 'reduce',
      permissions: ['camera', 'microphone'],
    });
    this.contexts.push(context);
    await context.addInitScript({ path: patternScript });
    if (options.participant !== undefined) {
      const who = { run: this.run, participant: options.participant, clockZero: this.clockZero };
      await context.addInitScript((w) => window.upcallPattern.install(w), who);
    }
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => this.problems.push(`${path}: ${error}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`${path}: ${message.text()}`);
    });
    await page.goto(this.server.url + path);
    return page;
  }

  async logIn(page: Page, who: Login): Promise<void> {
    await page.getByLabel('User name or e-mail').fill(who.username);
    await page.getByLabel('Password').fill(who.password);
    await page.getByRole('button', { name: 'Log in' }).click();
  }

  /** A video of this page shows this run's picture of a participant, and moves. */
  async sees(page: Page, participant: number, screen = false): Promise<void> {
    const clock = (): Promise<number | null> =>
      page.evaluate(
        ({ run, participant, screen }) => {
          const all = (root: ParentNode): HTMLVideoElement[] => [
            ...root.querySelectorAll('video'),
            ...[...root.querySelectorAll('*')].flatMap((e) => (e.shadowRoot ? all(e.shadowRoot) : [])),
          ];
          for (const video of all(document)) {
            const r = window.upcallPattern.read(video);
            if (r && r.run === run && r.participant === participant && r.screen === screen) return r.clockMs;
          }
          return null;
        },
        { run: this.run, participant, screen },
      );
    const what = `${page.url()} shows ${screen ? 'the screen' : 'the camera'} of participant ${participant}`;
    const first = await until(what, clock, { seconds: 45 });
    await until(`${what}, moving`, async () => ((await clock()) ?? 0) > first, { seconds: 45 });
  }

  /** Instead of the pattern: people, for pictures of this page. Back to the pattern afterwards. */
  async portraits(on: boolean): Promise<void> {
    const pages = this.contexts.flatMap((context) => context.pages());
    await Promise.all(pages.map((page) => page.evaluate((value) => void Object.assign(window, { upcallPortrait: value }), on)));
  }

  /** No video of the page shows the pattern: the people have come through. */
  async showsPeople(page: Page): Promise<void> {
    await until('people are seen', () =>
      page.evaluate(() => {
        const all = (root: ParentNode): HTMLVideoElement[] => [
          ...root.querySelectorAll('video'),
          ...[...root.querySelectorAll('*')].flatMap((e) => (e.shadowRoot ? all(e.shadowRoot) : [])),
        ];
        return all(document).every((video) => window.upcallPattern.read(video) === null);
      }),
    );
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.contexts.splice(0).map((context) => context.close()));
    await this.server.stop();
  }
}
