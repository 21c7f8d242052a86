// A recording as its supervisor meets it: unknown, running, being made, failed, ready, and several of one meeting.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { looksRight } from '../support/axe.ts';
import { until } from '../support/wait.ts';
import { inCall, storedFilm } from './steps.ts';
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
  // With it stand those that wait for an order.
  const composers = walk.server.children('upcall-recorder');
  if (composers.length === 0) throw new Error('no composer is at work');
  await until('some of the recording has been captured', async () =>
    ((await supervisor.locator('.making__time').innerText()).split(':').map(Number).at(-1) ?? 0) >= 4);
  for (const composer of composers) process.kill(composer, 'SIGSTOP');
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
    for (const composer of composers) process.kill(composer, 'SIGCONT');
  }
  await storedFilm(supervisor, 60);
  // What is in it, and that it was looked at; each entry leads to its place.
  await supervisor.getByRole('heading', { name: 'In this film' }).waitFor();
  await supervisor.getByText('This film was looked at; nothing is wrong with it.').waitFor();
  await supervisor.getByRole('button', { name: /Carl Customer is there/ }).click();
  await until('the player has the focus', () => supervisor.evaluate(() => document.activeElement?.tagName === 'VIDEO'));

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
}, { seconds: 240, expected: /404|410|50\d/ });

check('watched while the call goes on, and from the same place on when it is stored', async (walk) => {
  const { agent, meetingId } = await inCall(walk, await walk.agent('Lena Live'));
  const supervisor = await walk.window(`/recording/${meetingId}`);
  // Some builds of Chromium have no H.264; Debian's has.
  if (!(await supervisor.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="avc1.640028,mp4a.40.2"')))) {
    console.log('# this Chromium plays no H.264: live playback is not tested');
    return;
  }
  await agent.getByRole('button', { name: 'Record', exact: true }).click();
  await agent.getByRole('button', { name: 'Stop recording' }).waitFor();
  await walk.logIn(supervisor, walk.people.sam);
  const video = supervisor.locator('video');
  await supervisor.getByRole('heading', { name: 'Recording now' }).waitFor();
  await video.waitFor({ timeout: 30_000 });
  const state = () => video.evaluate((v) => {
    const { currentSrc, currentTime, readyState, videoWidth, buffered, error, paused } = v as HTMLVideoElement;
    return { currentSrc, currentTime, readyState, videoWidth, paused, end: buffered.length > 0 ? buffered.end(buffered.length - 1) : 0, error: error?.message };
  });
  const seen = async () => JSON.stringify(await state());
  await until('there are pictures of the call', async () => (await state()).readyState >= 2, { seen, seconds: 30 });
  await video.evaluate((v) => (v as HTMLVideoElement).play());
  const begun = await state();
  await until('it plays and grows', async () => {
    const now = await state();
    return now.currentTime > begun.currentTime + 1 && now.end > begun.end + 1;
  }, { seen, seconds: 30 });
  await supervisor.getByText('You are watching it while the call goes on, some seconds behind.').waitFor();
  await looksRight(supervisor, 'watching a call that goes on');
  if ((await state()).videoWidth !== 1920) throw new Error(`it is not the film: ${await seen()}`);

  const before = await state();
  if (before.currentSrc.includes('/api/recording/media/')) throw new Error('it is stored already');
  await agent.getByRole('button', { name: 'Stop recording' }).click();
  await until('the stored film goes on', async () => {
    const now = await state();
    return now.currentSrc.includes('/api/recording/media/') && now.readyState >= 2 && now.currentTime >= before.currentTime - 0.5;
  }, { seen, seconds: 60 });
}, { seconds: 180, expected: /40[14]|410/ });
