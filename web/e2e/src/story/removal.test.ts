// The owner takes somebody out of the call, and lets them in again.
import { looksRight } from '../support/axe.ts';
import { customerJoins, inCall, joinInvitation, seeEachOther } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('removal');

check('the customer is taken out of the call, says so, and comes back when invited again', async (walk) => {
  const who = await walk.agent('Rosa Removes');
  const { agent, customer } = await inCall(walk, who);
  await agent.keyboard.press('p');
  await agent.getByRole('button', { name: 'Show the connection in figures' }).click();
  await agent.getByText('Delay to the server').waitFor();
  await looksRight(agent, 'the connections in figures');
  await agent.getByRole('button', { name: 'Remove Carl Customer from the call' }).click();
  await agent.getByRole('alertdialog', { name: 'Remove Carl Customer?' }).waitFor();
  await looksRight(agent, 'the question before a removal');
  await agent.getByRole('button', { name: 'Remove from the call' }).click();
  await customer.getByRole('heading', { name: 'You were taken out of the call' }).waitFor();
  await looksRight(customer, 'removed');
  await agent.getByRole('listitem').filter({ hasText: 'Carl Customer' }).waitFor({ state: 'detached' });

  await agent.getByRole('button', { name: 'Invite Carl Customer again' }).first().click();
  await joinInvitation(customer).click();
  await customerJoins(customer);
  await seeEachOther(walk, { agent, customer });
});
