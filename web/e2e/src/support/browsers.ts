// The two browsers of the machine, through one small interface. Chromium is driven by playwright-core; Firefox by
// puppeteer-core over WebDriver BiDi, which an unpatched Firefox speaks by itself.
import { existsSync } from 'node:fs';
import { chromium, type Browser as ChromiumBrowser } from 'playwright-core';
import puppeteer, { type Browser as FirefoxBrowser } from 'puppeteer-core';

export type BrowserName = 'chromium' | 'firefox';

export interface TestPage {
  readonly browser: BrowserName;
  readonly problems: string[]; // console errors and uncaught exceptions
  readonly console: string[];
  goto(url: string): Promise<void>;
  evaluate<A, R>(fn: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  close(): Promise<void>;
}

const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
];

const firefoxPrefs = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  // Nothing from outside: no codec plug-in, no start-up traffic.
  'media.gmp-manager.updateEnabled': false,
  'media.gmp-provider.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

function program(name: string, places: string[]): string {
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${name} is not installed; tools/bootstrap.sh browser installs it`);
  return found;
}

export const chromiumProgram = (): string => program('chromium', ['/usr/bin/chromium']);
export const firefoxProgram = (): string => program('firefox-esr', ['/usr/bin/firefox-esr']);

const fakeDevices = '--use-fake-device-for-media-stream';
const everybodySaysYes = '--use-fake-ui-for-media-stream';

// refused: nobody answers the browser's question with yes; what a context is granted it has. none: nothing is plugged in.
const deviceFlags = {
  allowed: [fakeDevices, everybodySaysYes],
  refused: [fakeDevices, '--deny-permission-prompts'],
  none: [everybodySaysYes],
};

export function launchChromium({
  devices = 'allowed' as keyof typeof deviceFlags,
  executablePath = chromiumProgram(),
  more = [] as string[],
} = {}): Promise<ChromiumBrowser> {
  return chromium.launch({ executablePath, headless: true, args: [...chromiumFlags, ...deviceFlags[devices], ...more] });
}

function watch(page: { console: string[]; problems: string[] }, type: string, text: string): void {
  page.console.push(`${type}: ${text}`);
  if (page.console.length > 2000) page.console.shift();
  if (type === 'error') page.problems.push(text);
}

async function chromiumPage(browser: ChromiumBrowser): Promise<TestPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const out: TestPage = {
    browser: 'chromium',
    problems: [],
    console: [],
    goto: async (url) => void (await page.goto(url)),
    evaluate: (fn, argument) => page.evaluate(fn as never, argument as never),
    close: () => context.close(),
  };
  page.on('console', (message) => watch(out, message.type(), message.text()));
  page.on('pageerror', (error) => watch(out, 'error', String(error)));
  return out;
}

async function firefoxPage(browser: FirefoxBrowser): Promise<TestPage> {
  const page = (await browser.pages())[0] ?? (await browser.newPage());
  const out: TestPage = {
    browser: 'firefox',
    problems: [],
    console: [],
    goto: async (url) => void (await page.goto(url)),
    evaluate: (fn, argument) => page.evaluate(fn as never, argument) as never,
    close: () => browser.close(),
  };
  page.on('console', (message) => watch(out, message.type(), message.text()));
  page.on('pageerror', (error) => watch(out, 'error', String(error)));
  return out;
}

/** Browsers of one test file: one Chromium for all its pages; a Firefox each, since it slows down hidden tabs. */
export class Browsers {
  private shared: Promise<ChromiumBrowser> | undefined;
  private readonly pages: TestPage[] = [];
  private readonly more: string[];

  /** `more`: further flags of Chromium. */
  constructor(more: string[] = []) {
    this.more = more;
  }

  /** `number`: the person's, which decides on the tone of Firefox's microphone. */
  async page(name: BrowserName, number = 0): Promise<TestPage> {
    let page: TestPage;
    if (name === 'chromium') {
      this.shared ??= launchChromium({ more: this.more });
      page = await chromiumPage(await this.shared);
    } else {
      page = await firefoxPage(
        await puppeteer.launch({
          browser: 'firefox',
          executablePath: firefoxProgram(),
          headless: true,
          extraPrefsFirefox: { ...firefoxPrefs, 'media.navigator.audio.fake_frequency': 600 + 200 * number },
        }),
      );
    }
    this.pages.push(page);
    return page;
  }

  async closePages(): Promise<void> {
    await Promise.allSettled(this.pages.splice(0).map((page) => page.close()));
  }

  async close(): Promise<void> {
    await this.closePages();
    await (await this.shared)?.close();
    this.shared = undefined;
  }
}
