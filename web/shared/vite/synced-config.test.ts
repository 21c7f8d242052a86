// @vitest-environment node
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createUpstream, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { syncedConfig } from './synced-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'upcall-synced-'));
const file = join(folder, 'frontend-config.js');
let upstream: Server;
let vite: ViteDevServer;

const port = (server: Server | ViteDevServer['httpServer']) => (server!.address() as AddressInfo).port;
const served = async () => (await fetch(`http://127.0.0.1:${port(vite.httpServer)}/frontend-config.js`)).text();

beforeAll(async () => {
  upstream = createUpstream((_request, response) => response.end('from the server')).listen(0, '127.0.0.1');
  await new Promise((done) => upstream.once('listening', done));
  vite = await createServer({
    configFile: false,
    root: folder,
    logLevel: 'silent',
    plugins: [syncedConfig(file)],
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, proxy: { '/frontend-config.js': `http://127.0.0.1:${port(upstream)}` } },
  });
  await vite.listen();
});
afterAll(async () => {
  await vite.close();
  upstream.close();
  rmSync(folder, { recursive: true });
});

// acceptance: 70
it('gives pages in development the synced configuration, and its changes, and without it the server’s', async () => {
  expect(await served()).toBe('from the server');
  writeFileSync(file, 'window.vceConfig = {};\n');
  expect(await served()).toBe('window.vceConfig = {};\n');
  writeFileSync(file, 'window.vceConfig = {"a": "b"};\n');
  expect(await served()).toBe('window.vceConfig = {"a": "b"};\n');
  rmSync(file);
  expect(await served()).toBe('from the server');
});
