// People on the product's own pages: a server, windows of browsers, and what is seen in them.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

import type { Reading } from '../../client-page/party.ts';
import { CLIENTS_OWN } from '../support/clients-own.ts';
import type { Evidence } from '../support/evidence.ts';
import { patternScript, webRoot } from '../support/paths.ts';
import { type ServeOptions, Upcall } from '../support/upcall.ts';
import { until } from '../support/wait.ts';

declare const window: { upcallPattern: { install(who: object): void; read(video: HTMLVideoElement): Reading | null } };

/** A page that is worth a look, under the name of its picture. */
export type Stop = (name: string, page: Page) => Promise<void>;

export interface Login {
  username: string;
  password: string;
}

export interface WindowOptions {
  /** Camera, microphone and screen are the test pattern's, with this number. */
  participant?: number;
  phone?: boolean;
  /** Another browser than the walk's. */
  browser?: Browser;
  /** Another of the server's addresses than its own. */
  origin?: string;
  /** Runs in each of its pages before their own scripts. */
  script?: () => void;
  /** What the network does to it, before its first page. */
  prepare?: (context: BrowserContext) => Promise<void>;
  /** Of the browser's context, over what all windows have. */
  context?: BrowserContextOptions;
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

  static async begin(evidence: Evidence, browser: Browser, serve: ServeOptions = {}): Promise<Walk> {
    const server = await Upcall.start(evidence, { ...serve, more: ['--web-dir', webRoot, ...(serve.more ?? [])] });
    const alice = await server.addUser('Alice Agent', ['Agent'], 'Demo/Team');
    const sam = await server.addUser('Sam Supervisor', ['QualityAnalyst', 'VideoCallRecordingPlayback'], 'Demo');
    const otto = await server.addUser('Otto Other', ['QualityAnalyst', 'VideoCallRecordingPlayback'], 'Elsewhere');
    const walk = new Walk(server, browser, { alice, sam, otto });
    evidence.onFailure('problems.json', () => walk.problems);
    evidence.onFailure('windows.txt', (directory) => walk.picture(directory));
    return walk;
  }

  private async picture(directory: string): Promise<string> {
    const pages = this.contexts.flatMap((context) => context.pages());
    const seen = pages.map(async (page, i) => {
      // Words first: they come also from a page that is too busy to be painted.
      const words = await page.locator('body').ariaSnapshot({ timeout: 2000 }).catch(String);
      writeFileSync(join(directory, `window-${i}.txt`), words);
      await page.screenshot({ path: join(directory, `window-${i}.png`), timeout: 4000 }).catch(() => undefined);
      return `window-${i}: ${page.url()}`;
    });
    return (await Promise.all(seen)).join('\n');
  }

  /** Another agent, so that the tests of one server do not meet at one desk. */
  agent(name: string): Promise<Login> {
    return this.server.addUser(name, ['Agent'], 'Demo/Team');
  }

  /** A new window of somebody's own. */
  async window(path: string, options: WindowOptions = {}): Promise<Page> {
    const context = await (options.browser ?? this.browser).newContext({
      viewport: options.phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
      locale: 'en-GB',
      reducedMotion: 'reduce',
      permissions: ['camera', 'microphone'],
      ...options.context,
    });
    this.contexts.push(context);
    await context.addInitScript({ path: patternScript });
    if (options.participant !== undefined) {
      const who = { run: this.run, participant: options.participant, clockZero: this.clockZero };
      await context.addInitScript((w) => window.upcallPattern.install(w), who);
    }
    if (options.script !== undefined) await context.addInitScript(options.script);
    await options.prepare?.(context);
    context.on('page', (page) => {
      page.setDefaultTimeout(30_000);
      const problem = (text: string): void => {
        if (!CLIENTS_OWN.test(text)) this.problems.push(`${path}: ${text}`);
      };
      page.on('pageerror', (error) => problem(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') problem(`${message.text()} ${message.location().url}`);
      });
    });
    const page = await context.newPage();
    await page.goto((options.origin ?? this.server.url) + path);
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

  async closeWindows(): Promise<void> {
    await Promise.allSettled(this.contexts.splice(0).map((context) => context.close()));
  }

  async end(): Promise<void> {
    await this.closeWindows();
    await this.server.stop();
  }
}
