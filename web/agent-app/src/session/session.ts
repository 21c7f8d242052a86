// The staff member's log-in: tokens kept for all tabs, renewed before they expire, by one tab at a time.
import { ApiError, request, type RequestOptions } from '@upcall/shared/api/http';
import { readStored, writeStored } from '@upcall/shared/storage';

export interface User {
  id: string;
  username: string;
  name: string;
  email: string;
  /** In the contact centre; absent before the account was onboarded. */
  connectUserId?: string;
}

/** expired: over, and a log-in takes it up again. disabled: the account was switched off. */
export type SessionStatus = 'out' | 'in' | 'expired' | 'disabled';

export interface SessionState {
  status: SessionStatus;
  user: User | undefined;
}

interface Tokens {
  access: string;
  refresh: string;
  /** Unix milliseconds. */
  expires: number;
  user: User;
}

export interface TokenAnswer {
  access_token: string;
  id_token: string;
  refresh_token: string;
  expires_in: number;
}

const KEY = 'upcall.session';
const RENEW_BEFORE_MS = 60_000;

/** The claims of a token that came straight from the server; its signature is the server's business. */
function userOf(idToken: string): User {
  const part = (idToken.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
  const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : '');
  const connectUserId = text('custom:connectUserId');
  return {
    id: text('sub'),
    username: text('preferred_username'),
    name: text('name'),
    email: text('email'),
    ...(connectUserId ? { connectUserId } : {}),
  };
}

function stored(): Tokens | undefined {
  try {
    const value = JSON.parse(readStored(KEY) ?? 'null') as Tokens | null;
    return value?.refresh && value.user ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The session, and the browser's own, which would log in the next person at this desk. Nothing waits for it. */
function endAtServer(refresh: string): void {
  const quietly = (url: string, init: RequestInit): void => void fetch(url, { ...init, keepalive: true }).catch(() => undefined);
  quietly('/oauth2/revoke', { method: 'POST', body: new URLSearchParams({ token: refresh, client_id: 'upcall' }) });
  quietly('/oauth2/logout', { credentials: 'same-origin' });
}

export class Session {
  private tokens: Tokens | undefined = stored();
  private current: SessionState;
  private renewing: Promise<string> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly now: () => number = Date.now) {
    this.current = { status: this.tokens ? 'in' : 'out', user: this.tokens?.user };
    globalThis.addEventListener?.('storage', (event) => {
      if (event.key === KEY) this.adopt(stored());
    });
  }

  get state(): SessionState {
    return this.current;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** `more`: what the server has asked for besides the password. */
  async logIn(username: string, password: string, more: { code?: string; newPassword?: string } = {}): Promise<void> {
    const form: Record<string, string> = { grant_type: 'password', username, password };
    if (more.code) form.otp = more.code;
    if (more.newPassword) form.new_password = more.newPassword;
    this.keep(await this.ask(form));
  }

  /** What another way of logging in has brought (code-flow.ts). */
  adoptAnswer(answer: TokenAnswer): void {
    this.keep(answer);
  }

  logOut(): void {
    if (this.tokens) endAtServer(this.tokens.refresh);
    this.tokens = undefined;
    writeStored(KEY, null);
    this.set({ status: 'out', user: undefined });
  }

  /** A token that is good for at least a minute. Throws ApiError 401 when the session is over. */
  async accessToken(): Promise<string> {
    const tokens = this.tokens;
    if (!tokens) throw new ApiError(401, 'session_expired', 'not logged in');
    if (tokens.expires - this.now() > RENEW_BEFORE_MS) return tokens.access;
    return this.renew(tokens.access);
  }

  /** New tokens now: with the claims as they are at this moment. */
  async refresh(): Promise<void> {
    if (!this.tokens) throw new ApiError(401, 'session_expired', 'not logged in');
    await this.renew(this.tokens.access);
  }

  /** A request in the user's name; a token that the server refuses is renewed once. */
  async request<T>(url: string, options: RequestOptions = {}): Promise<T> {
    const token = await this.accessToken();
    const send = (bearer: string) =>
      request<T>(url, { ...options, headers: { ...options.headers, authorization: `Bearer ${bearer}` } });
    try {
      return await send(token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return send(await this.renew(token));
    }
  }

  async data<T>(url: string, options: RequestOptions = {}): Promise<T> {
    return (await this.request<{ data: T }>(url, options)).data;
  }

  private renew(refused: string): Promise<string> {
    this.renewing ??= this.renewAlone(refused).finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private renewAlone(refused: string): Promise<string> {
    const turn = async (): Promise<string> => {
      // Another tab may have renewed while this one waited: a refresh token is good for one use.
      const latest = stored() ?? this.tokens;
      if (!latest) throw this.over('expired');
      if (latest.access !== refused && latest.expires - this.now() > RENEW_BEFORE_MS) {
        this.adopt(latest);
        return latest.access;
      }
      try {
        return this.keep(await this.ask({ grant_type: 'refresh_token', refresh_token: latest.refresh })).access;
      } catch (error) {
        if (error instanceof ApiError && (error.status === 400 || error.status === 401)) {
          throw this.over(error.code === 'user_disabled' ? 'disabled' : 'expired');
        }
        throw error;
      }
    };
    return navigator.locks ? navigator.locks.request('upcall.session', turn) : turn();
  }

  private ask(form: Record<string, string>): Promise<TokenAnswer> {
    return request<TokenAnswer>('/oauth2/token', { method: 'POST', form });
  }

  private keep(answer: TokenAnswer): Tokens {
    const tokens: Tokens = {
      access: answer.access_token,
      refresh: answer.refresh_token,
      expires: this.now() + answer.expires_in * 1000,
      user: userOf(answer.id_token),
    };
    this.tokens = tokens;
    writeStored(KEY, JSON.stringify(tokens));
    this.set({ status: 'in', user: tokens.user });
    return tokens;
  }

  private adopt(tokens: Tokens | undefined): void {
    this.tokens = tokens;
    if (tokens) this.set({ status: 'in', user: tokens.user });
    else this.set({ status: 'out', user: undefined });
  }

  private over(status: 'expired' | 'disabled'): ApiError {
    this.tokens = undefined;
    writeStored(KEY, null);
    this.set({ status, user: this.current.user });
    return new ApiError(401, 'session_expired', 'The session is over.');
  }

  private set(state: SessionState): void {
    const { status, user } = this.current;
    if (state.status === status && state.user?.id === user?.id && state.user?.connectUserId === user?.connectUserId) return;
    this.current = state;
    for (const listener of [...this.listeners]) listener();
  }
}

export const session = new Session();
