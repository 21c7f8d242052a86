// The pipeline as an administrator sees it: a push becomes a run, its stages and logs come live, it is stopped and run again.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { Pipeline } from './pipeline.ts';
import { suite } from './suite.ts';

const check = suite('pipeline');

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
