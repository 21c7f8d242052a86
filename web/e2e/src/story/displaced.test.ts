// A call that one cannot be in: it is full, or one has joined it from another place.
import { looksRight } from '../support/axe.ts';
import { Crowd } from '../support/crowd.ts';
import { agentJoins, customerJoins, inCall, inChat, joinInvitation, openCall, seeEachOther } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('displaced');

// acceptance: 14
check('a call that is full says so to both, and lets them in when there is room', async (walk) => {
  const owner = await walk.agent('Fay Full');
  const pair = await inChat(walk, owner);
  const { agent, customer } = pair;
  const meetingId = await openCall(pair);
  await joinInvitation(customer).click();
  await customer.getByRole('button', { name: 'Join now' }).waitFor();

  const crowd = await Crowd.fill({ url: walk.server.url, owner, meetingId });
  try {
    await Promise.all([
      agent.getByRole('button', { name: 'Join the call' }).click(),
      customer.getByRole('button', { name: 'Join now' }).click(),
    ]);
    await agent.getByRole('heading', { name: 'The call is full' }).waitFor();
    await customer.getByRole('heading', { name: 'The call is full' }).waitFor();
  } finally {
    await crowd.leave();
  }
  await looksRight(agent, 'a call that is full');
  await looksRight(customer, "the customer's call that is full");

  // The customer first: when the agent begins again, the customer is invited again.
  await customer.getByRole('button', { name: 'Join again' }).click();
  await customerJoins(customer);
  await agent.getByRole('button', { name: 'Join again' }).click();
  await agentJoins(agent);
  await seeEachOther(walk, pair);
});

// acceptance: 14
check('the agent joins from another place: the first page says so and can have the call back', async (walk) => {
  const who = await walk.agent('Paula Place');
  const { agent: first, customer, meetingId } = await inCall(walk, who);
  const second = await walk.window(`/meeting/${meetingId}`, { participant: 2 });
  await walk.logIn(second, who);
  await agentJoins(second);
  await first.getByRole('heading', { name: 'You joined from another place' }).waitFor();
  await looksRight(first, 'joined from another place');
  await walk.sees(customer, 2);

  await first.getByRole('button', { name: 'Join again' }).click();
  await agentJoins(first);
  await second.getByRole('heading', { name: 'You joined from another place' }).waitFor();
  await walk.sees(customer, 0);
});

// acceptance: 14
check('the customer joins from another place: the first page says so and can have the call back', async (walk) => {
  const { agent, customer: first } = await inCall(walk, await walk.agent('Petra Place'));
  // Another browser knows nothing of this one's tabs: the call itself tells.
  const stored = await first.evaluate(() => ({ ...sessionStorage }));
  const second = await walk.window('/healthz', { participant: 2 });
  await second.context().addInitScript((kept) => Object.assign(sessionStorage, kept), stored);
  await second.goto(first.url());
  await walk.sees(second, 0);
  await first.getByRole('heading', { name: 'You joined from another place' }).waitFor();
  await looksRight(first, "the customer's call is in another place");
  await walk.sees(agent, 2);

  await first.getByRole('button', { name: 'Continue here' }).click();
  await customerJoins(first);
  await second.getByRole('heading', { name: 'You joined from another place' }).waitFor();
  await walk.sees(agent, 1);
});
