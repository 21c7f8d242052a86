// The pipeline as an administrator sees it: a push becomes a run, its stages and logs come live, it is stopped and run again.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { programs } from '../support/paths.ts';
import { execute, stop } from '../support/processes.ts';
import { suite } from './suite.ts';
import type { Walk } from './walk.ts';

const check = suite('pipeline');

interface Access {
  url: string;
  username: string;
  password: string;
}

/** Somebody with a clone and a runner that works. */
class Pipeline {
  readonly clone: string;
  private readonly walk: Walk;
  private readonly access: Access;
  private readonly runner: ChildProcess;
  private readonly pushes: Promise<unknown>[] = [];

  private constructor(walk: Walk, clone: string, access: Access, runner: ChildProcess) {
    this.walk = walk;
    this.clone = clone;
    this.access = access;
    this.runner = runner;
  }

  static async begin(walk: Walk): Promise<Pipeline> {
    const { dataDir } = walk.server;
    const access = await walk.server.admin<Access & Record<string, unknown>>('pipeline', 'init', '--stage', 'Demo');
    const clone = join(dataDir, '..', 'clone');
    await execute('git', ['init', '--quiet', '--initial-branch=main', clone]);
    const runner = spawn(join(programs, 'upcall'), ['pipeline', 'runner', '--data-dir', dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((ready) => createInterface(runner.stdout!).once('line', () => ready()));
    return new Pipeline(walk, clone, access, runner);
  }

  get go(): string {
    return join(this.walk.server.dataDir, 'go');
  }

  private git(...words: string[]): Promise<unknown> {
    return execute('git', ['-C', this.clone, '-c', 'user.name=Ann Example', '-c', 'user.email=ann@example.com', ...words]);
  }

  /** Begins; the push itself ends with its run, or before that with the server. */
  async push(subject: string, commands: Record<string, string>): Promise<void> {
    const stages = Object.entries(commands).map(([name, command]) => ({ name, commands: [command], timeoutSeconds: 60 }));
    mkdirSync(join(this.clone, 'deploy/pipeline'), { recursive: true });
    writeFileSync(join(this.clone, 'deploy/pipeline/pipeline.json'), JSON.stringify({ version: 1, stages }, undefined, 2));
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '-m', subject);
    const address = new URL(this.access.url);
    address.username = this.access.username;
    address.password = this.access.password;
    this.pushes.push(this.git('push', '--quiet', address.href, 'HEAD:main'));
  }

  async end(): Promise<void> {
    await Promise.all(this.pushes);
    await stop(this.runner);
  }
}

const stage = (page: Page, name: string) => page.getByRole('list', { name: 'Stages' }).getByRole('button', { name: new RegExp(`^${name}`) });

check('an administrator follows a push, reads logs by keyboard, stops a run and runs it again; others see no pipeline', async (walk) => {
  const admin = await walk.server.addUser('Ada Admin', ['Admin'], 'Demo');
  const page = await walk.window('/pipeline');
  await walk.logIn(page, admin);
  await page.getByRole('heading', { name: 'There is no pipeline yet' }).waitFor();
  await looksRight(page, 'no pipeline');

  const pipeline = await Pipeline.begin(walk);
  try {
    await page.reload();
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await page.getByText('codecommit-user-upcall').waitFor();
    const wait = `echo building; until [ -e $UPCALL_DATA_DIR/go ]; do sleep 0.05; done; echo built`;
    await pipeline.push('A greeting on the first page', { BuildAndTest: wait, Package: 'seq 1 400', Deploy: 'echo to $UPCALL_STAGE', Verify: 'true' });
    // The list comes by itself.
    const row = page.getByRole('row').filter({ hasText: 'A greeting on the first page' });
    await row.getByText('Running').first().waitFor();
    await row.getByText('Ann Example').waitFor();
    await row.getByRole('link', { name: 'Run 1' }).press('Enter');
    await page.getByRole('heading', { name: 'Run 1', exact: true }).waitFor();
    await stage(page, 'BuildAndTest').and(page.locator('[aria-current=step]')).waitFor();
    await page.getByRole('log').getByText('building').waitFor();
    await looksRight(page, 'a run that works');
    writeFileSync(pipeline.go, '');
    await page.getByRole('status').getByText('Succeeded').waitFor();
    await stage(page, 'Package').press('Enter');
    await page.getByRole('log', { name: 'Log of Package' }).getByText('400').waitFor();
    await stage(page, 'Deploy').press('Enter');
    await page.getByRole('log', { name: 'Log of Deploy' }).getByText('to Demo').waitFor();
    await stage(page, 'UpdatePipeline').press('Enter');
    await page.getByText('The definition has changed').waitFor();
    await looksRight(page, 'a run that succeeded');

    // One that fails says where and why.
    await page.getByRole('link', { name: 'All runs' }).click();
    await pipeline.push('A mistake', { BuildAndTest: 'echo no such file; exit 2', Deploy: 'true' });
    await page.getByRole('link', { name: 'Run 2' }).click();
    await page.getByRole('alert').getByText('BuildAndTest: command 1 of 1 ended with status 2.').waitFor();
    await page.getByRole('log').getByText('no such file').waitFor();
    await stage(page, 'Deploy').getByText('Skipped').waitFor();
    await looksRight(page, 'a run that failed');
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('heading', { name: 'Run 3', exact: true }).waitFor();
    await page.getByRole('link', { name: 'again for run 2' }).waitFor();
    await page.getByRole('status').getByText('Failed').waitFor();

    await pipeline.push('One that hangs', { Hang: 'until [ -e /nowhere ]; do sleep 0.05; done' });
    await page.goto(`${walk.server.url}/pipeline/4`);
    await stage(page, 'Hang').getByText('Running').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('status').getByText('Stopped').waitFor();
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.getByRole('link', { name: 'Run 4' }).waitFor();
    assert.equal(await page.getByRole('row').filter({ has: page.getByRole('rowheader') }).count(), 4);
    await looksRight(page, 'runs');
    await page.goto(`${walk.server.url}/pipeline/99`);
    await page.getByRole('heading', { name: 'No such run' }).waitFor();
  } finally {
    if (!existsSync(pipeline.go)) writeFileSync(pipeline.go, '');
    await pipeline.end();
  }

  // A supervisor has no link to it, and the server gives nothing.
  const sam = await walk.window('/pipeline');
  await walk.logIn(sam, walk.people.sam);
  await sam.getByText('You are not allowed to do this.', { exact: false }).first().waitFor();
  assert.equal(await sam.getByRole('link', { name: 'Pipeline' }).count(), 0);
}, { expected: /40[34]/ });
