// Chat, video call, recording and playback, in the order in which they happen.
import type { Page } from 'playwright-core';

import { until } from '../support/wait.ts';
import { becomeAvailable, finish, joinInvitation, say, startChat, storedFilm } from './steps.ts';
import type { Stop, Walk } from './walk.ts';

export interface Played {
  meetingId: string;
  film: Buffer;
}

async function meetCustomer(walk: Walk, customer: Page, stop: Stop): Promise<void> {
  await stop('customer-page', customer);
  await customer.getByRole('button', { name: 'Talk to us' }).first().click();
  await stop('customer-form', customer);
  await startChat(customer, 'Carl Customer', walk.people.alice.username);
}

export async function playStory(walk: Walk, stop: Stop): Promise<Played> {
  const agent = await walk.window('/', { participant: 0 });
  await agent.getByRole('button', { name: 'Log in' }).waitFor();
  await stop('agent-login', agent);
  await walk.logIn(agent, walk.people.alice);
  await becomeAvailable(agent);
  await stop('agent-desk', agent);

  const customer = await walk.window('/demo-website.html', { participant: 1 });
  await meetCustomer(walk, customer, stop);
  await agent.getByRole('button', { name: /^Accept/ }).first().waitFor();
  await stop('agent-offer', agent);
  await stop('customer-waiting', customer);
  await agent.getByRole('button', { name: /^Accept/ }).first().click();
  await say(agent, customer, 'Hello, how can I help?');
  await say(customer, agent, 'The boiler shows 0.4 bar. Can you have a look?');
  await stop('agent-chat', agent);
  await stop('customer-chat', customer);

  // The call is opened; the customer cannot miss it, not even by a reload.
  const meetingId = await agent.getByLabel('Meeting id').inputValue();
  await agent.getByRole('button', { name: 'Start video' }).click();
  await agent.getByRole('heading', { name: 'Check your devices' }).waitFor();
  await joinInvitation(customer).waitFor();
  await customer.reload();
  await joinInvitation(customer).waitFor();
  await stop('agent-devices', agent);
  await stop('customer-invitation', customer);

  await agent.getByRole('button', { name: 'Join the call' }).click();
  await joinInvitation(customer).click();
  await customer.getByRole('button', { name: /^Join (now|to watch)/ }).waitFor();
  await stop('customer-devices', customer);
  await customer.getByRole('button', { name: 'Join now' }).click();
  await walk.sees(customer, 0);
  await customer.getByRole('button', { name: /Turn camera on/ }).click();
  await walk.sees(agent, 1);

  await agent.getByRole('button', { name: /^Record/ }).click();
  await agent.getByRole('button', { name: /^Stop recording/ }).waitFor();
  await customer.getByText('This call is being recorded').first().waitFor({ state: 'attached' });
  await stop('agent-call', agent);
  await stop('customer-call', customer);

  await agent.getByRole('button', { name: /^Share the screen/ }).click();
  await walk.sees(customer, 0, true);
  await stop('agent-share', agent);
  await stop('customer-share', customer);
  await agent.getByRole('button', { name: 'Stop sharing' }).first().click();
  await customer.locator('.stage--content').waitFor({ state: 'detached' });
  // The film ends as it began: side by side.
  await Promise.all([walk.sees(customer, 0), walk.sees(agent, 1)]);

  await agent.getByRole('button', { name: /^Stop recording/ }).click();
  await agent.getByRole('button', { name: /^Record/ }).waitFor();
  await agent.getByRole('button', { name: /^Leave/ }).click();
  await agent.getByRole('alertdialog').waitFor();
  await stop('agent-leave', agent);
  await agent.getByRole('button', { name: 'End for everybody' }).click();
  await customer.getByRole('heading', { name: 'The call has ended' }).waitFor();
  await agent.getByRole('heading', { name: 'The call has ended' }).waitFor();
  await stop('customer-ended', customer);
  await stop('agent-ended', agent);

  const film = await watch(walk, meetingId, stop);
  await agent.goto(walk.server.url);
  await finish(agent);
  await findContact(walk, stop);
  await otherGroupIsRefused(walk, meetingId, stop);
  return { meetingId, film };
}

async function watch(walk: Walk, meetingId: string, stop: Stop): Promise<Buffer> {
  const supervisor = await walk.window(`/recording/${meetingId}`);
  await walk.logIn(supervisor, walk.people.sam);
  const video = await storedFilm(supervisor);
  // It seeks at once, into a part that was not loaded.
  await video.evaluate((v) => {
    const film = v as HTMLVideoElement;
    film.currentTime = film.duration / 2;
  });
  await until('the film has sought', () => video.evaluate((v) => !(v as HTMLVideoElement).seeking && (v as HTMLVideoElement).currentTime > 0));
  await stop('playback', supervisor);
  const address = await video.evaluate((v) => (v as HTMLVideoElement).currentSrc);
  const answer = await supervisor.request.get(address);
  if (answer.status() !== 200) throw new Error(`the film's address answered ${answer.status()}`);
  return answer.body();
}

async function findContact(walk: Walk, stop: Stop): Promise<void> {
  const supervisor = await walk.window('/contacts?text=boiler');
  await walk.logIn(supervisor, walk.people.sam);
  const contact = supervisor.getByRole('link', { name: 'Carl Customer' });
  await until('the contact is found', async () => {
    await supervisor.getByRole('button', { name: 'Search', exact: true }).click();
    await supervisor.getByRole('status').filter({ hasText: /contact/ }).first().waitFor({ state: 'attached' });
    return (await contact.count()) === 1;
  });
  await stop('contacts', supervisor);
  await contact.click();
  await supervisor.getByRole('button', { name: 'Read the conversation' }).click();
  await supervisor.getByText('The boiler shows 0.4 bar.').first().waitFor();
  await stop('contact', supervisor);
}

async function otherGroupIsRefused(walk: Walk, meetingId: string, stop: Stop): Promise<void> {
  const stranger = await walk.window(`/recording/${meetingId}`);
  await walk.logIn(stranger, walk.people.otto);
  await stranger.getByRole('heading', { name: 'You may not watch this' }).waitFor();
  await stop('playback-refused', stranger);
}
