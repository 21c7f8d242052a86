// The whole story by keyboard alone, and what a screen reader says meanwhile.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';

import { hears, listen } from '../support/announcements.ts';
import { looksRight } from '../support/axe.ts';
import { Keyboard } from '../support/keyboard.ts';
import { until } from '../support/wait.ts';
import { escapeFrom, joinInvitation, messageBox, seeEachOther, storedFilm } from './steps.ts';
import { suite } from './suite.ts';
import type { Login, Walk } from './walk.ts';

const check = suite('keyboard');

const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name });

async function logIn(page: Page, keys: Keyboard, who: Login): Promise<void> {
  await keys.arrivesAt(page.getByLabel('User name or e-mail'));
  await keys.type(who.username);
  await keys.press('Tab');
  await keys.arrivesAt(page.getByLabel('Password'));
  await keys.type(who.password);
  await page.keyboard.press('Enter');
}

async function agentBecomesAvailable(agent: Page, keys: Keyboard): Promise<void> {
  await button(agent, /Your status/).waitFor();
  await keys.holds('the log-in');
  await keys.activate(button(agent, /Your status/));
  await keys.arrivesAt(agent.getByRole('menuitemradio', { name: 'Offline' }));
  await keys.press('ArrowUp');
  await keys.arrivesAt(agent.getByRole('menuitemradio', { name: 'Available' }));
  await keys.press('Enter');
  await keys.arrivesAt(button(agent, /Your status:\s*Available/));
}

async function customerStartsChat(customer: Page, keys: Keyboard, email: string): Promise<void> {
  await keys.activate(button(customer, 'Talk to an engineer'));
  await keys.arrivesAt(customer.getByLabel('Your name'));
  await keys.type('Kay Keyboard');
  await keys.press('Tab');
  await keys.type('not an address');
  await keys.press('Enter');
  await customer.getByText('This does not look like an e-mail address.').waitFor();
  await keys.arrivesAt(customer.getByLabel('Your e-mail address'));
  await looksRight(customer, 'a form that was filled in wrongly');
  await keys.press('ControlOrMeta+A');
  await keys.type(email);
  await keys.press('Enter');
  await keys.arrivesAt(messageBox(customer));
  await hears(customer, /Waiting for the next free person/);
  await hears(customer, /^You are next ?1 person is waiting$/);
}

async function write(page: Page, keys: Keyboard, text: string): Promise<void> {
  await keys.tabTo(messageBox(page));
  await keys.type(text);
  await keys.press('Enter');
  await keys.arrivesAt(messageBox(page));
}

/** Opens with the key, has the focus, and after Escape gives it back to where it was. */
async function dialogComesAndGoes(page: Page, keys: Keyboard, key: string, name: string, from: Locator): Promise<void> {
  const dialog = page.getByRole('dialog', { name }).or(page.getByRole('alertdialog', { name }));
  const hasFocus = (): Promise<boolean> => dialog.evaluate((e) => e.contains((e.getRootNode() as Document | ShadowRoot).activeElement));
  await keys.tabTo(from);
  await keys.press(key);
  await dialog.waitFor();
  await until(`the focus is in ${name}`, hasFocus);
  await keys.press('Tab');
  await until(`the focus stays in ${name}`, hasFocus);
  await looksRight(page, name);
  await escapeFrom(dialog);
  await keys.arrivesAt(from);
}

async function agentUsesShortcuts(walk: Walk, agent: Page, customer: Page, keys: Keyboard): Promise<void> {
  const leave = button(agent, 'Leave');
  await keys.tabTo(leave);
  await keys.press('r');
  await button(agent, 'Stop recording').waitFor();
  await hears(agent, /^The recording has started\.$/);
  await hears(agent, /^Recording$/);
  await hears(customer, /^This call is being recorded$/);
  await keys.press('m');
  await button(agent, 'Unmute').waitFor();
  await keys.press('m');
  await button(agent, 'Mute').waitFor();
  await keys.press('v');
  await button(agent, 'Camera on').waitFor();
  await keys.press('v');
  await button(agent, 'Camera off').waitFor();
  await walk.sees(customer, 0);
  await keys.press('s');
  await walk.sees(customer, 0, true);
  await keys.press('s');
  await button(agent, 'Share the screen').waitFor();

  await dialogComesAndGoes(agent, keys, '?', 'Keyboard shortcuts', leave);
  await dialogComesAndGoes(agent, keys, 'l', 'Leave the call?', leave);

  await keys.press('p');
  await agent.getByRole('heading', { name: /^Present/ }).waitFor();
  await keys.tabTo(agent.getByRole('searchbox', { name: 'Find a person' }));
  await keys.type('kay');
  await agent.getByRole('listitem').filter({ hasText: 'Kay Keyboard' }).waitFor();
  // While somebody types, letters are letters.
  await keys.type('m');
  await hears(agent, /Nobody by this name/);
  await keys.activate(agent.getByRole('complementary').getByRole('button', { name: 'Close' }));
  await keys.tabTo(leave);
  await keys.press('c');
  await messageBox(agent).waitFor();
}

async function customerUsesControls(walk: Walk, customer: Page, agent: Page, keys: Keyboard): Promise<void> {
  await keys.activate(button(customer, 'Mute'));
  await keys.arrivesAt(button(customer, 'Unmute'));
  await keys.press('Enter');
  await keys.arrivesAt(button(customer, 'Mute'));
  await keys.activate(button(customer, 'Turn camera off'));
  await keys.arrivesAt(button(customer, 'Turn camera on'));
  await keys.press('Space');
  await keys.arrivesAt(button(customer, 'Turn camera off'));
  await walk.sees(agent, 1);
  const share = customer.getByRole('toolbar', { name: 'Call controls' });
  await keys.activate(share.getByRole('button', { name: 'Share screen' }));
  await keys.arrivesAt(share.getByRole('button', { name: 'Stop sharing' }));
  await walk.sees(agent, 1, true);
  await keys.press('Enter');
  await keys.arrivesAt(share.getByRole('button', { name: 'Share screen' }));
  await dialogComesAndGoes(customer, keys, 'Enter', 'Devices in this call', button(customer, 'Devices'));
}

// acceptance: 1, 2, 7, 10, 32, 33, 36
check('chat, call and recording by keyboard; queue place, invitation and recording are said', async (walk) => {
  const kim = await walk.agent('Kim Keys');
  const agent = await walk.window('/', { participant: 0, script: listen });
  const agentKeys = new Keyboard(agent);
  await logIn(agent, agentKeys, kim);
  await agentBecomesAvailable(agent, agentKeys);

  const customer = await walk.window('/demo-website.html', { participant: 1, script: listen });
  const customerKeys = new Keyboard(customer);
  await customerStartsChat(customer, customerKeys, kim.username);
  await hears(agent, /^New contact$/);
  await agentKeys.activate(button(agent, 'Accept Kay Keyboard').first());
  await hears(customer, /You are talking to Kim Keys/);
  await write(agent, agentKeys, 'Hello, how can I help?');
  await hears(customer, /Hello, how can I help\?/);
  await write(customer, customerKeys, 'No mouse here.');
  await hears(agent, /No mouse here\./);
  await dialogComesAndGoes(customer, customerKeys, 'Enter', 'End this chat?', button(customer, 'End chat').first());
  await dialogComesAndGoes(agent, agentKeys, 'Enter', 'End this contact?', button(agent, 'End contact').first());

  const meetingId = await agent.getByLabel('Meeting id').inputValue();
  await agentKeys.activate(button(agent, 'Start video'));
  await agent.getByRole('heading', { name: 'Check your devices' }).waitFor();
  await agentKeys.holds('opening the call');
  await hears(customer, /Kim Keys invites you to a video call/);
  await agentKeys.activate(button(agent, /Camera$/));
  await agentKeys.arrivesAt(agent.getByRole('option').first());
  await agentKeys.press('ArrowDown');
  await agentKeys.press('Escape');
  await agentKeys.arrivesAt(button(agent, /Camera$/));
  await agentKeys.activate(button(agent, 'Join the call'));
  await agent.getByRole('toolbar', { name: 'Call controls' }).waitFor();
  await agentKeys.holds('joining');

  await customerKeys.activate(joinInvitation(customer));
  await customer.getByRole('meter', { name: 'Microphone level' }).waitFor();
  await customerKeys.tabTo(customer.getByRole('switch', { name: 'Show my camera' }));
  await customerKeys.press('Space');
  await customer.getByLabel('Preview of your camera').waitFor();
  await customerKeys.activate(button(customer, 'Join now'));
  await customer.getByRole('toolbar', { name: 'Call controls' }).waitFor();
  await customerKeys.holds('joining');
  await seeEachOther(walk, { agent, customer });
  await hears(customer, /Kim Keys joined the call/);

  await customerUsesControls(walk, customer, agent, customerKeys);
  await agentUsesShortcuts(walk, agent, customer, agentKeys);

  await agentKeys.press('r');
  await hears(agent, /^The recording has stopped\.$/);
  await hears(customer, /^The recording has stopped$/);
  await customerKeys.activate(button(customer, /^Leave$/));
  await customer.getByRole('heading', { name: 'You left the call' }).waitFor();
  await customerKeys.holds('leaving');
  await looksRight(customer, 'the customer has left');
  await customerKeys.activate(button(customer, 'Back to chat'));
  await agentKeys.tabTo(button(agent, 'Leave'));
  await agentKeys.press('l');
  await agentKeys.activate(button(agent, 'End for everybody'));
  await agent.getByRole('heading', { name: 'The call has ended' }).waitFor();
  await agentKeys.holds('ending the call');
  await agentKeys.activate(button(agent, 'Back to the desk'));
  await agent.getByRole('heading', { name: 'Contacts' }).waitFor();
  await agentKeys.holds('going back to the desk');
  await agentKeys.activate(button(agent, 'End contact'));
  await agentKeys.activate(agent.getByRole('alertdialog').getByRole('button', { name: 'End contact' }));
  await agentKeys.activate(button(agent, 'Clear contact'));
  await agent.getByText('Ready when they are').waitFor();
  await agentKeys.holds('clearing the contact');
  await hears(customer, /The conversation has ended/);
  await customerKeys.activate(button(customer, 'Start a new chat'));
  await customerKeys.arrivesAt(customer.getByLabel('Your name'));

  await watchByKeyboard(walk, meetingId);
}, { seconds: 300, expected: /403/ });

async function watchByKeyboard(walk: Walk, meetingId: string): Promise<void> {
  const supervisor = await walk.window('/');
  const keys = new Keyboard(supervisor);
  await logIn(supervisor, keys, walk.people.sam);
  await supervisor.getByRole('heading', { name: 'Watch a recording' }).waitFor();
  await keys.holds('the log-in');
  await keys.tabTo(supervisor.getByLabel('Meeting id'));
  await keys.type(meetingId);
  await keys.press('Enter');
  const video = await storedFilm(supervisor);
  await keys.holds('opening the recording');
  await keys.tabTo(video);
  const at = (): Promise<number> => video.evaluate((v) => (v as HTMLVideoElement).currentTime);
  await keys.press('Space');
  await until('the film plays', async () => (await at()) > 0.5);
  await keys.press('Space');
  assert.equal(await video.evaluate((v) => (v as HTMLVideoElement).paused), true);
  const before = await at();
  await keys.press('Home');
  await until('the film is at its beginning', async () => (await at()) < before);
  await keys.activate(supervisor.getByRole('button', { name: /^Recorded/ }));
  await looksRight(supervisor, 'the film by keyboard');
}
