// Log-in by the server's page or by another provider: authorization code with PKCE. The page that was asked for, the state and
// the verifier wait in this tab's storage.
import { request } from '@upcall/shared/api/http';
import { session, type TokenAnswer } from './session';

const KEY = 'upcall.code-flow';

interface Pending {
  state: string;
  verifier: string;
  /** Path and query on this site. */
  returnTo: string;
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

async function challengeOf(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

/** The address to send the browser to. `provider`: straight to another one, when one is configured. */
export async function beginCodeFlow(returnTo: string, provider = ''): Promise<string> {
  const pending: Pending = { state: random(), verifier: random(), returnTo };
  sessionStorage.setItem(KEY, JSON.stringify(pending));
  const query = new URLSearchParams({
    client_id: 'upcall',
    redirect_uri: `${location.origin}/`,
    response_type: 'code',
    scope: 'openid email profile',
    state: pending.state,
    code_challenge: await challengeOf(pending.verifier),
    code_challenge_method: 'S256',
  });
  if (provider) query.set('identity_provider', provider);
  return `/oauth2/authorize?${query}`;
}

/** Where to go on after a log-in whose answer is in `search`; nothing when it is no answer, or not one of ours. */
export async function finishCodeFlow(search: string): Promise<string | undefined> {
  const answer = new URLSearchParams(search);
  const state = answer.get('state');
  if (!state || !(answer.has('code') || answer.has('error'))) return undefined;
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const pending = text ? (JSON.parse(text) as Pending) : undefined;
  // Somebody else's code would log this person in as another.
  if (pending?.state !== state) return '/';
  const code = answer.get('code');
  if (!code) return pending.returnTo;
  try {
    const tokens = await request<TokenAnswer>('/oauth2/token', {
      method: 'POST',
      form: {
        grant_type: 'authorization_code',
        client_id: 'upcall',
        redirect_uri: `${location.origin}/`,
        code,
        code_verifier: pending.verifier,
      },
    });
    session.adoptAnswer(tokens);
  } catch {
    // The log-in page is there again, and says nothing wrong.
  }
  return pending.returnTo;
}
