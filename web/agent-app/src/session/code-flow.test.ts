import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { beginCodeFlow, finishCodeFlow } from './code-flow';
import { session } from './session';

let sent: URLSearchParams[];

beforeEach(() => {
  sent = [];
  sessionStorage.clear();
  const claims = btoa(JSON.stringify({ sub: 'u1', preferred_username: 'alice', name: 'Alice' }));
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    sent.push(new URLSearchParams(String(init.body)));
    const body = { access_token: 'a', refresh_token: 'r', id_token: `h.${claims}.s`, expires_in: 600 };
    return new Response(JSON.stringify(body), { status: 200, headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => {
  session.logOut();
  vi.unstubAllGlobals();
});

it('sends the verifier of its own challenge, and goes back to the page that was asked for', async () => {
  const address = new URL(await beginCodeFlow('/recording/m-1?x=1', 'Corp'), 'https://here.example');
  const query = address.searchParams;
  expect(query.get('identity_provider')).toBe('Corp');
  expect(query.get('code_challenge_method')).toBe('S256');
  expect(await finishCodeFlow(`?code=c-1&state=${query.get('state')}`)).toBe('/recording/m-1?x=1');
  expect(session.state).toMatchObject({ status: 'in', user: { username: 'alice' } });
  const verifier = sent[0]?.get('code_verifier') ?? '';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
  const challenge = btoa(String.fromCharCode(...digest)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  expect(query.get('code_challenge')).toBe(challenge);
});

it('takes no code that it has not asked for, and each answer once', async () => {
  expect(await finishCodeFlow('?refId=1')).toBeUndefined();
  expect(await finishCodeFlow('?code=c-1&state=x')).toBe('/');
  const state = new URL(await beginCodeFlow('/'), 'https://here.example').searchParams.get('state');
  expect(await finishCodeFlow(`?code=c-1&state=${state}x`)).toBe('/');
  expect(await finishCodeFlow(`?code=c-1&state=${state}`)).toBe('/');
  expect(sent).toHaveLength(0);
  expect(session.state.status).toBe('out');
});

it('comes back without a session when the log-in was refused', async () => {
  const state = new URL(await beginCodeFlow('/devices'), 'https://here.example').searchParams.get('state');
  expect(await finishCodeFlow(`?error=login_required&state=${state}`)).toBe('/devices');
  expect(session.state.status).toBe('out');
});
