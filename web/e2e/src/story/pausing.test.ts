// What an agent does when something is said that no film may keep.
import { looksRight } from '../support/axe.ts';
import { inCall } from './steps.ts';
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
