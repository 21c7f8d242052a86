// Files in a chat, and what each side knows of the other's having read.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

import { looksRight } from '../support/axe.ts';
import { until } from '../support/wait.ts';
import { inChat, messageBox, say } from './steps.ts';
import { suite } from './suite.ts';

const check = suite('files');

const folder = mkdtempSync(join(tmpdir(), 'upcall-files-'));

function make(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Looks for a word in the file that it gets on its standard input. */
function scanner(): string {
  const path = make('scan.sh', '#!/bin/sh\n! grep -q VIRUS\n');
  chmodSync(path, 0o755);
  return path;
}

async function choose(page: Page, ...paths: string[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Send files' }).click();
  await (await chooser).setFiles(paths);
}

const fileNamed = (page: Page, name: string) => page.locator('.file', { hasText: name });

async function save(page: Page, name: string): Promise<Buffer> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: `Save ${name}` }).click();
  const done = await download;
  assert.equal(done.suggestedFilename(), name);
  return readFileSync(await done.path());
}

check('go both ways and come as they were sent; each has its name, its size and a way to save it', async (walk) => {
  const { agent, customer } = await inChat(walk, await walk.agent('Ann Files'));
  const photo = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256));
  await choose(customer, make('photo of the meter.png', photo));
  await fileNamed(agent, 'photo of the meter.png').getByText('300 kB').waitFor();
  await fileNamed(customer, 'photo of the meter.png').getByText('300 kB').waitFor();
  assert.ok((await save(agent, 'photo of the meter.png')).equals(photo), 'the agent gets the very bytes');
  await choose(agent, make('offer.pdf', '%PDF-1.4 an offer'), make('terms.txt', 'the terms'));
  await fileNamed(customer, 'terms.txt').getByText('9 bytes').waitFor();
  assert.equal((await save(customer, 'offer.pdf')).toString(), '%PDF-1.4 an offer');
  await looksRight(agent, 'the desk with files');
  await looksRight(customer, 'the customer’s chat with files');

  await Promise.all([agent.reload(), customer.reload()]);
  for (const page of [agent, customer]) await fileNamed(page, 'terms.txt').getByText('9 bytes').waitFor();
});

check('that nobody would take are refused with a reason before they are sent', async (walk) => {
  const { agent, customer } = await inChat(walk, await walk.agent('Ann Limits'));
  for (const [page, limit] of [[agent, /Up to 21 MB each: pictures, PDF, text/], [customer, /Up to 21 MB each: pictures, PDF, text/]] as const) {
    const button = page.getByRole('button', { name: 'Send files' });
    await button.hover();
    const described = await button.evaluate((e) => {
      const id = e.getAttribute('aria-describedby')?.split(' ')[0];
      return e.getAttribute('aria-description') ?? (id ? (document.getElementById(id)?.textContent ?? '') : '');
    });
    assert.match(described, limit, 'what is taken is said before');
    await choose(page, make('page.html', '<script>alert(1)</script>'), make('empty.txt', ''));
    await fileNamed(page, 'page.html').getByText('Files of this type are not taken.').waitFor();
    await fileNamed(page, 'empty.txt').getByText('This file is empty.').waitFor();
    if (page === agent) await looksRight(page, 'files that are not taken');
    await page.getByRole('button', { name: 'Put page.html away' }).click();
    await page.getByRole('button', { name: 'Put empty.txt away' }).click();
    await until('nothing is left of them', async () => (await page.locator('.file').count()) === 0);
  }
});

check('are dropped on the chat; one that was cut off is sent again', async (walk) => {
  const { agent, customer } = await inChat(walk, await walk.agent('Ann Drop'));
  const drop = async (page: Page, name: string): Promise<void> => {
    const data = await page.evaluateHandle((file) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['dropped words'], file, { type: 'text/plain' }));
      return transfer;
    }, name);
    const chat = page.locator('.chat').first();
    await chat.dispatchEvent('dragover', { dataTransfer: data });
    await page.getByText('Drop files here to send them').waitFor();
    await chat.dispatchEvent('drop', { dataTransfer: data });
  };
  await drop(agent, 'from the agent.txt');
  await fileNamed(customer, 'from the agent.txt').getByText('13 bytes').waitFor();
  let broken = true;
  await customer.route('**/aws/participant/attachments/**', (route) => (broken ? route.abort('connectionreset') : route.continue()));
  await drop(customer, 'from the customer.txt');
  await fileNamed(customer, 'from the customer.txt').getByText('Not sent: no connection.').waitFor();
  broken = false;
  await customer.getByRole('button', { name: 'Send from the customer.txt again' }).click();
  await fileNamed(agent, 'from the customer.txt').getByText('13 bytes').waitFor();
}, { expected: /ERR_CONNECTION_RESET/ });

check('receipts: a message is sent, then delivered, then read, on both sides', async (walk) => {
  const { agent, customer } = await inChat(walk, await walk.agent('Ann Receipts'));
  await say(agent, customer, 'good day');
  await agent.locator('.message', { hasText: 'good day' }).getByText('Read', { exact: true }).waitFor();
  await say(customer, agent, 'hello');
  await customer.locator('.message', { hasText: 'hello' }).getByText('Read', { exact: true }).waitFor();
  // The customer looks elsewhere: it comes, and nobody has read it.
  await customer.getByRole('button', { name: 'Minimise' }).click();
  await messageBox(agent).fill('are you there?');
  await messageBox(agent).press('Enter');
  const asked = agent.locator('.message', { hasText: 'are you there?' });
  await asked.getByText('Delivered', { exact: true }).waitFor();
  await customer.getByRole('button', { name: /Talk to us|Open|unread/i }).first().click();
  await asked.getByText('Read', { exact: true }).waitFor();
});

// Last: from here on the server checks.
check('that the installation’s check rejects are shown as that, to both, and to nobody given', async (walk) => {
  await walk.server.admin('configure', `--chat-attachment-scan-command=${scanner()}`);
  const { agent, customer } = await inChat(walk, await walk.agent('Ann Scan'));
  await choose(customer, make('infected.txt', 'a VIRUS in it'), make('clean.txt', 'nothing in it'));
  for (const page of [agent, customer]) {
    await fileNamed(page, 'clean.txt').getByText('13 bytes').waitFor();
    await fileNamed(page, 'infected.txt').getByText('Not passed on: the check has rejected it').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Save infected.txt' }).count(), 0);
  }
  await looksRight(customer, 'a file that was rejected');
});
