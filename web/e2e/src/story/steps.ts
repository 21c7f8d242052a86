// What people do on the pages, in steps that the tests put together.
import type { Locator, Page } from 'playwright-core';

import { until } from '../support/wait.ts';
import type { Login, Walk, WindowOptions } from './walk.ts';

export interface Pair {
  agent: Page;
  customer: Page;
}

export interface InCall extends Pair {
  meetingId: string;
}

export interface Cast {
  agent?: WindowOptions;
  customer?: WindowOptions;
  name?: string; // the customer's
}

export const messageBox = (page: Page) => page.getByRole('textbox', { name: 'Message' });
export const joinInvitation = (customer: Page) => customer.getByRole('button', { name: 'Join video call' });

/** The player of a recording that is stored: before that the page plays what there is of it. */
export async function storedFilm(supervisor: Page, seconds = 120): Promise<Locator> {
  const video = supervisor.locator('video');
  const source = (): Promise<string> => video.evaluateAll((all) => (all[0] as HTMLVideoElement | undefined)?.currentSrc ?? '');
  await until('the film is stored and there', async () => (await source()).includes('/api/recording/media/'), { seconds, seen: source });
  await until('the stored film can be played', () => video.evaluate((v) => (v as HTMLVideoElement).readyState >= 2), { seconds: 30 });
  return video;
}

export async function becomeAvailable(agent: Page): Promise<void> {
  await agent.getByRole('button', { name: /Your status/ }).click();
  await agent.getByRole('menuitemradio', { name: 'Available' }).click();
  await agent.getByRole('button', { name: /Your status:\s*Available/ }).waitFor();
}

export async function atDesk(walk: Walk, who: Login, options: WindowOptions = {}): Promise<Page> {
  const agent = await walk.window('/', { participant: 0, ...options });
  await walk.logIn(agent, who);
  await becomeAvailable(agent);
  return agent;
}

/** Fills the form; the demo's routing asks for the agent by e-mail address. */
export async function startChat(customer: Page, name: string, email: string): Promise<void> {
  await customer.getByLabel('Your name').fill(name);
  await customer.getByLabel('Your e-mail address').fill(email);
  await customer.getByRole('button', { name: 'Start chat' }).click();
}

export async function customerAsks(walk: Walk, email: string, name = 'Carl Customer', options: WindowOptions = {}): Promise<Page> {
  const customer = await walk.window('/demo-website.html', { participant: 1, ...options });
  await customer.getByRole('button', { name: 'Talk to us' }).first().click();
  await startChat(customer, name, email);
  return customer;
}

export async function say(page: Page, other: Page, text: string): Promise<void> {
  await messageBox(page).fill(text);
  await messageBox(page).press('Enter');
  await other.getByText(text).first().waitFor();
}

/** As often as it takes: the first Escape may close the tooltip of the button beside. */
export async function escapeFrom(overlay: Locator): Promise<void> {
  await until('Escape closes what is open', async () => {
    if (!(await overlay.isVisible())) return true;
    await overlay.page().keyboard.press('Escape');
    return false;
  });
}

/** An agent of the test's own and a customer talk. */
export async function inChat(walk: Walk, who: Login, cast: Cast = {}): Promise<Pair> {
  const agent = await atDesk(walk, who, cast.agent);
  const customer = await customerAsks(walk, who.username, cast.name, cast.customer);
  await agent.getByRole('button', { name: /^Accept/ }).first().click();
  await messageBox(agent).waitFor();
  await customer.getByText('You are talking to').waitFor();
  return { agent, customer };
}

/** The agent, at the desk, ends the contact and its after-contact work. */
export async function finish(agent: Page): Promise<void> {
  await agent.getByRole('button', { name: 'End contact' }).first().click();
  await agent.getByRole('alertdialog').getByRole('button', { name: 'End contact' }).click();
  await agent.getByRole('button', { name: 'Clear contact' }).click();
}

/** The agent opens the call: then it is at the devices, and the customer is invited. */
export async function openCall({ agent, customer }: Pair): Promise<string> {
  const meetingId = await agent.getByLabel('Meeting id').inputValue();
  await agent.getByRole('button', { name: 'Start video' }).click();
  await agent.getByRole('heading', { name: 'Check your devices' }).waitFor();
  await joinInvitation(customer).waitFor();
  return meetingId;
}

export async function agentJoins(agent: Page): Promise<void> {
  await agent.getByRole('button', { name: 'Join the call' }).click();
  await agent.getByRole('toolbar', { name: 'Call controls' }).waitFor();
}

/** From the devices on; with the camera when there is one. */
export async function customerJoins(customer: Page, { camera = true } = {}): Promise<void> {
  await customer.getByRole('meter', { name: 'Microphone level' }).waitFor();
  if (camera) {
    await customer.getByRole('switch', { name: 'Show my camera' }).check();
    await customer.getByLabel('Preview of your camera').waitFor();
  }
  await customer.getByRole('button', { name: 'Join now' }).click();
  await customer.getByRole('toolbar', { name: 'Call controls' }).waitFor();
}

/** Both are in the call and see each other. */
export async function inCall(walk: Walk, who: Login, cast: Cast = {}): Promise<InCall> {
  const { agent, customer } = await inChat(walk, who, cast);
  const meetingId = await openCall({ agent, customer });
  await agentJoins(agent);
  await joinInvitation(customer).click();
  await customerJoins(customer);
  await seeEachOther(walk, { agent, customer });
  return { agent, customer, meetingId };
}

export async function seeEachOther(walk: Walk, { agent, customer }: Pair): Promise<void> {
  await Promise.all([walk.sees(customer, 0), walk.sees(agent, 1)]);
}
