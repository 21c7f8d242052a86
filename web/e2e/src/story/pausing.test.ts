// What an agent does when something is said that no film may keep.
import { looksRight } from '../support/axe.ts';
import { inCall, storedFilm } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('pausing');

check('a recording is paused, found so after a reload, and goes on by itself after a warning', async (walk) => {
  await walk.server.admin('configure', '--recording-pause-allowed=true', '--recording-pause-max-seconds=30');
  const { agent } = await inCall(walk, await walk.agent('Paula Pause'));
  const mark = (words: string) => agent.getByRole('status').getByText(words, { exact: true });
  await agent.getByRole('button', { name: 'Record', exact: true }).click();
  await mark('Recording').waitFor();
  await agent.getByRole('button', { name: 'Pause the recording' }).click();
  await mark('Recording paused').waitFor();
  await agent.getByRole('timer', { name: 'Time until it is recorded again' }).waitFor();
  await looksRight(agent, 'a paused recording');

  await agent.reload();
  await mark('Recording paused').waitFor();
  await agent.getByRole('button', { name: 'Record again' }).waitFor();
  await agent.getByText(/^The recording goes on in \d+ seconds\.$/).waitFor();
  await mark('Recording').waitFor();
  await agent.getByRole('button', { name: 'Pause the recording' }).waitFor();

  // By keyboard, and ended by hand.
  await agent.locator('main').focus();
  await agent.keyboard.press('k');
  await mark('Recording paused').waitFor();
  await agent.getByRole('button', { name: 'Record again' }).click();
  await mark('Recording').waitFor();

  // Taken away meanwhile: said, and nothing changes.
  await walk.server.admin('configure', '--recording-pause-allowed=false');
  await agent.getByRole('button', { name: 'Pause the recording' }).click();
  await agent.getByRole('alert').getByText('This is not allowed here. Ask your administrator.').waitFor();
  await mark('Recording').waitFor();

  // Nothing runs: nothing can be paused.
  await agent.getByRole('button', { name: 'Stop recording' }).click();
  await agent.getByRole('button', { name: 'Record', exact: true }).waitFor();
  await agent.getByRole('button', { name: 'Pause the recording' }).waitFor({ state: 'detached' });
}, { seconds: 180, expected: /403/ });

check('what was just said is taken back, and the film says so', async (walk) => {
  await walk.server.admin('configure', '--recording-pause-allowed=true', '--recording-forget-seconds=15');
  const { agent, meetingId } = await inCall(walk, await walk.agent('Fay Forget'));
  await agent.getByRole('button', { name: 'Record', exact: true }).click();
  await agent.getByRole('status').getByText('Recording', { exact: true }).waitFor();
  await agent.getByRole('button', { name: 'Forget what was just said' }).click();
  await agent.getByRole('menuitem', { name: 'The last 15 seconds' }).waitFor();
  await looksRight(agent, 'how much is to be forgotten');
  await agent.getByRole('menuitem', { name: 'The last 10 seconds' }).click();
  await agent.getByText('The last 10 seconds were destroyed. They are in no film.').waitFor();
  await agent.getByRole('button', { name: 'Stop recording' }).click();
  await agent.getByRole('button', { name: 'Record', exact: true }).waitFor();

  const supervisor = await walk.window(`/recording/${meetingId}`);
  await walk.logIn(supervisor, walk.people.sam);
  await storedFilm(supervisor, 60);
  await supervisor.getByRole('button', { name: /were destroyed on the agent's wish$/ }).waitFor();
  await supervisor.getByText('This film was looked at; nothing is wrong with it.').waitFor();
  await looksRight(supervisor, 'a film of which something was forgotten');
}, { seconds: 180, expected: /404|410/ });
