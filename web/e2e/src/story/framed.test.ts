// Our pages inside other sites' pages, and their scripts at our sockets: approved sites may, others may not.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Frame, Page } from 'playwright-core';

import { Api } from '../support/api.ts';
import { StaticServer } from '../support/static-server.ts';
import { suite } from './suite.ts';
import type { Walk } from './walk.ts';

const check = suite('framed');
let approved: StaticServer;
let stranger: StaticServer;

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'upcall-frame-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><link rel="icon" href="data:,"><title>a desk of somebody else</title><h1>Customers</h1>');
  approved = await StaticServer.start(folder);
  stranger = await StaticServer.start(folder);
});
after(() => Promise.all([approved.stop(), stranger.stop()]));

/** A page of another site that shows ours. */
async function frameOf(walk: Walk, site: StaticServer, path: string): Promise<{ page: Page; frame: Frame }> {
  const page = await walk.window('/', { origin: site.url.replace(/\/$/, '') });
  const handle = await page.evaluateHandle(
    (src) =>
      new Promise<HTMLIFrameElement>((done) => {
        const frame = document.createElement('iframe');
        frame.allow = 'camera; microphone; display-capture';
        frame.width = '1000';
        frame.height = '600';
        frame.onload = () => done(frame);
        frame.src = src;
        document.body.append(frame);
      }),
    walk.server.url + path,
  );
  const frame = await handle.asElement()?.contentFrame();
  assert.ok(frame, 'there is a frame');
  return { page, frame };
}

/** How an agent's socket ends for a page's script: with the snapshot, or refused. */
const agentSocket = (page: Page, url: string, token: string): Promise<string> =>
  page.evaluate(
    ({ address, bearer }) =>
      new Promise<string>((done) => {
        const socket = new WebSocket(address, ['upcall.events', `bearer.${bearer}`]);
        socket.onmessage = (message) => {
          done((JSON.parse(String(message.data)) as { type: string }).type);
          socket.close();
        };
        socket.onerror = () => done('refused');
      }),
    { address: `${url.replace(/^http/, 'ws')}/api/agent/events`, bearer: token },
  );

/** What browsers hide: the status with which an upgrade is answered. */
function upgradeStatus(url: string, origin: string): Promise<number> {
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  return new Promise((done, fail) => {
    const asked = request(url, { headers: origin === '' ? headers : { ...headers, origin } });
    asked.on('response', (answer) => done(answer.statusCode ?? 0));
    asked.on('upgrade', (_, socket) => {
      socket.destroy();
      done(101);
    });
    asked.on('error', fail);
    asked.end();
  });
}

check('an approved site shows the desk in a frame, and an agent works there', async (walk) => {
  const who = await walk.agent('Frida Framed');
  const origin = new URL(approved.url).origin;
  await walk.server.admin('configure', `--approved-origins=${origin}`);
  const { frame } = await frameOf(walk, approved, '/');
  await frame.getByLabel('User name or e-mail').fill(who.username);
  await frame.getByLabel('Password').fill(who.password);
  await frame.getByRole('button', { name: 'Log in' }).click();
  await frame.getByRole('button', { name: /Your status/ }).waitFor();
  const api = new Api(walk.server.url);
  await api.logIn(who);
  // The frame's own socket is open: what is chosen elsewhere is seen there.
  await api.ok('PUT', '/api/agent/status', { status: 'available' });
  await frame.getByRole('button', { name: /Your status.*Available/ }).waitFor();
  await walk.server.admin('configure', '--approved-origins', '');
});

check('another site gets no frame, and none of the log-in', async (walk) => {
  await walk.server.admin('configure', `--approved-origins=${new URL(approved.url).origin}`);
  for (const path of ['/', '/demo-website.html', '/login', '/account/forgotten']) {
    const { page, frame } = await frameOf(walk, stranger, path);
    assert.match(frame.url(), /^chrome-error:/, path);
    await page.close();
    const seen = await frameOf(walk, approved, path);
    assert.equal(seen.frame.url().startsWith(walk.server.url), true, `${path} for the approved site: ${seen.frame.url()}`);
    await seen.page.close();
  }
  await walk.server.admin('configure', '--approved-origins', '');
}, { expected: /frame-ancestors|Blocked autofocusing/ });

check('sockets open for our own pages and approved ones, and for no others', async (walk) => {
  const who = await walk.agent('Sofia Socket');
  const form = new URLSearchParams({ grant_type: 'password', ...who });
  const token = ((await (await fetch(`${walk.server.url}/oauth2/token`, { method: 'POST', body: form })).json()) as { access_token: string }).access_token;
  await walk.server.admin('configure', `--approved-origins=${new URL(approved.url).origin}`);
  const own = await walk.window('/devices');
  const friend = await walk.window('/', { origin: approved.url.replace(/\/$/, '') });
  const other = await walk.window('/', { origin: stranger.url.replace(/\/$/, '') });
  assert.equal(await agentSocket(own, walk.server.url, token), 'snapshot');
  assert.equal(await agentSocket(friend, walk.server.url, token), 'snapshot');
  assert.equal(await agentSocket(other, walk.server.url, token), 'refused', 'though it has the token');
  const statusOf = (origin: string): Promise<number> => upgradeStatus(`${walk.server.url}/control/nothing-here`, origin);
  // At first any site may open the customers' sockets.
  assert.notEqual(await statusOf(new URL(stranger.url).origin), 403);
  await walk.server.admin('configure', '--website-api-allowed-origins=https://shop.example');
  assert.equal(await statusOf(new URL(stranger.url).origin), 403);
  assert.equal(await statusOf('null'), 403);
  for (const origin of ['', walk.server.url, new URL(approved.url).origin, 'https://shop.example']) assert.notEqual(await statusOf(origin), 403, origin);
  await walk.server.admin('configure', '--website-api-allowed-origins=*', '--approved-origins', '');
}, { expected: /WebSocket connection/ });
