// The tests of one file: they share a server and a browser, which begin with the first test that runs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Browser } from 'playwright-core';

import { launchChromium } from '../support/browsers.ts';
import { Evidence } from '../support/evidence.ts';
import type { ServeOptions } from '../support/upcall.ts';
import { Walk } from './walk.ts';

export interface CheckOptions {
  seconds?: number;
  /** What the browser itself reports as an error and this test provokes. */
  expected?: RegExp;
}

export type Check = (name: string, body: (walk: Walk) => Promise<void>, options?: CheckOptions) => void;

export interface SuiteOptions {
  serve?: () => Promise<ServeOptions>;
  /** Asked before each test: a reason not to run it. */
  skip?: () => string | false;
}

/**
 * At the end of each test its windows close; nobody may have met an uncaught exception, or an error on the console that was
 * not expected. What a failed one saw is kept in a folder of its own, beside the server's log and data.
 */
export function suite(name: string, { serve = async () => ({}), skip = () => false }: SuiteOptions = {}): Check {
  const evidence = new Evidence(name);
  let browser: Browser | undefined;
  let walk: Walk | undefined;
  let begun: Promise<Walk> | undefined;
  let failed = false;

  const begin = async (): Promise<Walk> => {
    const options = await serve(); // first: it may change the machine's network, which browsers notice
    browser = await launchChromium();
    walk = await Walk.begin(evidence, browser, options);
    return walk;
  };

  after(async () => {
    await begun?.catch(() => undefined);
    await walk?.end();
    await browser?.close();
    if (!failed) evidence.discard();
  });

  return (title, body, { seconds = 120, expected = /$^/ } = {}) => {
    test(title, { timeout: seconds * 1000, skip: skip() }, async () => {
      try {
        begun ??= begin();
        const playing = await begun;
        playing.problems.length = 0;
        await body(playing);
        assert.deepEqual(playing.problems.filter((problem) => !expected.test(problem)), [], 'no error on any console');
      } catch (error) {
        failed = true;
        await evidence.keep(title);
        throw error;
      } finally {
        await walk?.closeWindows();
      }
    });
  };
}
