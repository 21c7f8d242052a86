// Log-in by another provider, with a real one: the npm package oidc-provider, its own pages, and a real upcall server; this
// script is the browser. Usage: node federation.mjs <folder for node_modules> <upcall>
import assert from 'node:assert';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [workFolder, upcall] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const work = resolve(workFolder);
if (!existsSync(join(work, 'node_modules', 'oidc-provider'))) {
  mkdirSync(work, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(here, file), join(work, file));
  assert.strictEqual(spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: work, stdio: 'inherit' }).status, 0, 'npm ci failed');
}
const { default: Provider } = await import(pathToFileURL(createRequire(join(work, 'package.json')).resolve('oidc-provider')).href);

const freePort = () => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const port = await freePort();
const base = `http://127.0.0.1:${port}`;
const secret = 's:e+c ret';

// ---- the provider ----
const people = {
  ann: { email: 'Ann@Example.com', email_verified: true, name: 'Ann' },
  eve: { email: 'bob@example.com', email_verified: false, name: 'Eve' },
  zoe: { email: 'zoe@elsewhere.example', email_verified: true, name: 'Zoe' },
};
const providerPort = await freePort();
const issuer = `http://127.0.0.1:${providerPort}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: 'upcall-here', client_secret: secret, redirect_uris: [`${base}/oauth2/callback`], response_types: ['code'], grant_types: ['authorization_code'] }],
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  pkce: { methods: ['S256'], required: () => true },
  cookies: { keys: [randomBytes(16).toString('hex')] },
});
const providerServer = provider.listen(providerPort, '127.0.0.1');

// ---- the server ----
const dataDir = mkdtempSync(join(tmpdir(), 'upcall-federation-'));
const run = (...words) => {
  const done = spawnSync(upcall, [...words, '--data-dir', dataDir, '--json'], { encoding: 'utf8' });
  assert.strictEqual(done.status, 0, `upcall ${words.join(' ')}: ${done.stderr}`);
  return JSON.parse(done.stdout);
};
for (const name of ['ann', 'bob']) run('user', 'add', '--username', `${name}@example.com`, '--email', `${name}@example.com`, '--password', 'correct horse battery', '--security-profile', 'Agent');
run('configure', `--federation-issuer=${issuer}`, '--federation-client-id=upcall-here', `--federation-client-secret=${secret}`, '--federation-allowed-domains=example.com', '--federation-name=Corp');
const server = spawn(upcall, ['serve', '--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, '--public-url', base, '--media-port', String(await freePort()), '--media-address', '127.0.0.1'], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = new Promise((done) => server.on('exit', done));
let failure;
try {
  await new Promise((done, failed) => {
    let text = '';
    server.stdout.on('data', (piece) => (text += piece).includes('ready ') && done());
    server.on('exit', (status) => failed(new Error(`upcall serve ended with ${status}`)));
  });

  // ---- a browser ----
  class Browser {
    jars = new Map();
    async go(url, form) {
      const origin = new URL(url).origin;
      const jar = this.jars.get(origin) ?? this.jars.set(origin, new Map()).get(origin);
      const answer = await fetch(url, {
        redirect: 'manual',
        method: form ? 'POST' : 'GET',
        headers: { cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; '), ...(form ? { origin } : {}) },
        ...(form ? { body: new URLSearchParams(form) } : {}),
      });
      for (const line of answer.headers.getSetCookie()) {
        const [pair] = line.split(';');
        const at = pair.indexOf('=');
        if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(pair.slice(0, at));
        else jar.set(pair.slice(0, at), pair.slice(at + 1));
      }
      return { status: answer.status, url, location: answer.headers.get('location'), body: await answer.text() };
    }
    /** Until a page that is none, or an address that begins with `stop`. */
    async follow(page, stop) {
      for (let i = 0; i < 20; ++i) {
        if (!page.location) return page;
        const next = new URL(page.location, page.url).href;
        if (next.startsWith(stop)) return { ...page, arrived: next };
        page = await this.go(next);
      }
      throw new Error('redirected for ever');
    }
  }
  const verifier = randomBytes(48).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  async function logIn(person) {
    const browser = new Browser();
    const query = new URLSearchParams({ client_id: 'upcall', redirect_uri: `${base}/`, response_type: 'code', scope: 'openid email profile', state: 'st', nonce: 'no', code_challenge: challenge, code_challenge_method: 'S256' });
    const page = await browser.go(`${base}/oauth2/authorize?${query}`);
    assert.match(page.body, /Log in with Corp/);
    const link = /href="(\/oauth2\/federate[^"]*)"/.exec(page.body)[1].replaceAll('&amp;', '&');
    let at = await browser.follow(await browser.go(base + link), `${base}/?code=`);
    // The provider's own pages: log-in, then consent.
    for (let i = 0; i < 3 && !at.arrived && at.url.startsWith(issuer); ++i) {
      const action = new URL(/<form[^>]*action="([^"]+)"/.exec(at.body)[1], at.url).href;
      const prompt = /name="prompt" value="([^"]+)"/.exec(at.body)[1];
      at = await browser.follow(await browser.go(action, { prompt, login: person, password: 'x' }), `${base}/?code=`);
    }
    return at;
  }

  const arrived = await logIn('ann');
  assert.ok(arrived.arrived, `ann did not arrive: ${arrived.status} ${arrived.body}`);
  const code = new URL(arrived.arrived).searchParams.get('code');
  const answer = await fetch(`${base}/oauth2/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'authorization_code', client_id: 'upcall', redirect_uri: `${base}/`, code, code_verifier: verifier }) });
  assert.strictEqual(answer.status, 200);
  const tokens = await answer.json();
  const info = await (await fetch(`${base}/oauth2/userInfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })).json();
  assert.strictEqual(info.email, 'ann@example.com');
  assert.ok((await logIn('ann')).arrived, 'a second time, by the link');
  assert.strictEqual((await logIn('eve')).status, 403, 'an address that the provider has not verified');
  assert.strictEqual((await logIn('zoe')).status, 403, 'a domain that is not allowed');
  const entries = run('audit', 'list', '--action', 'federation.linked').entries;
  assert.strictEqual(entries.length, 1);
  assert.ok(run('audit', 'verify').ok);
  console.log('federation: linked once, logged in twice, two refused');
} catch (error) {
  failure = error;
} finally {
  server.kill('SIGTERM');
  await ended;
  providerServer.close();
  providerServer.closeAllConnections();
  rmSync(dataDir, { recursive: true, force: true });
}
if (failure) {
  console.error(failure);
  process.exit(1);
}
process.exit(0);
