import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Session } from './session';

const claims = { sub: 'u1', preferred_username: 'alice', name: 'Älice', email: 'alice@example.com' };
const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(claims)))).replaceAll('+', '-').replaceAll('/', '_');

let issued: number;
let now: number;
let refused: Set<string>;
let refreshes: string[];
let isDisabled: boolean;

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

function tokens(): Response {
  issued += 1;
  return answer(200, { access_token: `a${issued}`, refresh_token: `r${issued}`, id_token: `h.${encoded}.s`, expires_in: 600 });
}

beforeEach(() => {
  localStorage.clear();
  issued = 0;
  now = 0;
  refused = new Set();
  refreshes = [];
  isDisabled = false;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (url === '/oauth2/token') {
      const form = new URLSearchParams(String(init.body));
      if (form.get('grant_type') === 'password') {
        return form.get('password') === 'right' ? tokens() : answer(401, { code: 'invalid_credentials', message: 'no' });
      }
      const refresh = form.get('refresh_token') ?? '';
      refreshes.push(refresh);
      if (isDisabled) return answer(401, { code: 'user_disabled', message: 'no' });
      return refresh === `r${issued}` ? tokens() : answer(401, { code: 'session_expired', message: 'no' });
    }
    const bearer = new Headers(init.headers).get('authorization')?.replace('Bearer ', '') ?? '';
    return refused.has(bearer) ? answer(401, { code: 'not_logged_in', message: 'no' }) : answer(200, { data: bearer });
  });
});

afterEach(() => vi.unstubAllGlobals());

async function loggedIn(): Promise<Session> {
  const session = new Session(() => now);
  await session.logIn('alice', 'right');
  return session;
}

describe('the session', () => {
  it('knows who has logged in, also after a reload', async () => {
    await loggedIn();
    expect(new Session(() => now).state).toEqual({
      status: 'in',
      user: { id: 'u1', username: 'alice', name: 'Älice', email: 'alice@example.com' },
    });
  });

  it('refuses a wrong password with the code of the server', async () => {
    const session = new Session(() => now);
    await expect(session.logIn('alice', 'wrong')).rejects.toMatchObject({ status: 401, code: 'invalid_credentials' });
    expect(session.state.status).toBe('out');
  });

  it('renews before the token expires, once for all who ask', async () => {
    const session = await loggedIn();
    now = 550_000;
    expect(await Promise.all([session.accessToken(), session.accessToken(), session.accessToken()])).toEqual(['a2', 'a2', 'a2']);
    expect(refreshes).toEqual(['r1']);
  });

  it('renews a token that the server refuses, and asks again', async () => {
    const session = await loggedIn();
    refused.add('a1');
    expect(await session.data('/api/x')).toBe('a2');
  });

  it('takes what another tab has renewed instead of using a token twice', async () => {
    const session = await loggedIn();
    now = 550_000;
    const other = new Session(() => now);
    await other.accessToken();
    expect(await session.accessToken()).toBe('a2');
    expect(refreshes).toEqual(['r1']);
  });

  it('is expired when the refresh token is refused, and says who it was', async () => {
    const session = await loggedIn();
    issued += 1;
    now = 550_000;
    await expect(session.accessToken()).rejects.toMatchObject({ status: 401 });
    expect(session.state).toMatchObject({ status: 'expired', user: { username: 'alice' } });
  });

  it('is told that the account was switched off, until one can log in again', async () => {
    const session = await loggedIn();
    refused.add('a1');
    isDisabled = true;
    await expect(session.data('/api/x')).rejects.toMatchObject({ status: 401 });
    expect(session.state).toMatchObject({ status: 'disabled', user: { username: 'alice' } });
    isDisabled = false;
    await session.logIn('alice', 'right');
    expect(session.state.status).toBe('in');
  });

  it('ends at the server too, when one logs out', async () => {
    const session = await loggedIn();
    const asked: [string, string][] = [];
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      asked.push([url, String(init.body ?? '')]);
      throw new TypeError('failed to fetch');
    });
    session.logOut();
    expect(session.state.status).toBe('out');
    expect(asked).toEqual([
      ['/oauth2/revoke', 'token=r1&client_id=upcall'],
      ['/oauth2/logout', ''],
    ]);
  });

  it('stays logged in when the network fails', async () => {
    const session = await loggedIn();
    now = 550_000;
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('failed to fetch');
    });
    await expect(session.accessToken()).rejects.toMatchObject({ status: 0, code: 'network' });
    expect(session.state.status).toBe('in');
  });
});
