// A recording as its supervisor meets it: unknown, running, being made, failed, ready, and several of one meeting.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { looksRight } from '../support/axe.ts';
import { until } from '../support/wait.ts';
import { inCall } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('recordings');

// acceptance: 21, 61
check('an unknown recording has a screen of its own', async (walk) => {
  const page = await walk.window('/recording/no-such-meeting');
  await walk.logIn(page, walk.people.sam);
  await page.getByRole('heading', { name: 'No recordings found' }).waitFor();
  await looksRight(page, 'no such recording');
}, { expected: /404/ });

// acceptance: 61
check('running, being made with its progress, ready by itself; one that failed beside it', async (walk) => {
  const { agent, meetingId } = await inCall(walk, await walk.agent('Rene Record'));
  await agent.getByRole('button', { name: 'Record', exact: true }).click();
  await agent.getByRole('button', { name: 'Stop recording' }).waitFor();
  // By the name that people type, which is not the address that the film is at.
  const supervisor = await walk.window(`/recording/${meetingId}`, { origin: walk.server.url.replace('127.0.0.1', 'localhost') });
  await walk.logIn(supervisor, walk.people.sam);
  await supervisor.getByRole('heading', { name: 'Recording now' }).waitFor();
  await looksRight(supervisor, 'recording now');

  // The composer follows the recording. It is stopped once it has composed something and before it has composed all.
  const composer = walk.server.children('upcall-recorder');
  if (composer.length !== 1) throw new Error(`${composer.length} composers are at work`);
  await until('some of the recording has been captured', async () =>
    ((await supervisor.locator('.making__time').innerText()).split(':').map(Number).at(-1) ?? 0) >= 4);
  process.kill(composer[0] as number, 'SIGSTOP');
  try {
    await agent.getByRole('button', { name: 'Stop recording' }).click();
    await agent.getByRole('button', { name: 'Record', exact: true }).waitFor();
    await supervisor.getByRole('heading', { name: 'The film is being made' }).waitFor();
    const progress = supervisor.getByRole('progressbar', { name: 'The film is being made' });
    await until('the progress is told', async () => {
      const percent = Number(await progress.getAttribute('aria-valuenow'));
      return percent > 0 && percent < 100;
    }, { seen: () => progress.getAttribute('aria-valuenow') });
    await looksRight(supervisor, 'the film is being made');
  } finally {
    process.kill(composer[0] as number, 'SIGCONT');
  }
  await supervisor.locator('video').waitFor({ timeout: 60_000 });
  await until('the film can be played', () => supervisor.locator('video').evaluate((v) => (v as HTMLVideoElement).readyState >= 2));

  // Where the next recording should be kept stands something else.
  const spool = join(walk.server.dataDir, 'spool');
  renameSync(spool, `${spool}.away`);
  writeFileSync(spool, '');
  try {
    await agent.getByRole('button', { name: 'Record', exact: true }).click();
    await agent.getByRole('alert').getByText('The recording could not be started. Try again.').waitFor();
    await looksRight(agent, 'a recording that could not be started');
  } finally {
    rmSync(spool);
    renameSync(`${spool}.away`, spool);
  }
  await supervisor.reload();
  await supervisor.getByRole('button', { name: /^Recorded/ }).nth(1).click();
  await supervisor.getByRole('heading', { name: 'This recording failed' }).waitFor();
  await looksRight(supervisor, 'a recording that failed');
  await supervisor.getByRole('button', { name: /^Recorded/ }).first().click();
  await supervisor.locator('video').waitFor();
  await looksRight(supervisor, 'several recordings');
}, { seconds: 240, expected: /404|50\d/ });
