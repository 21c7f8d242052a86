import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type Call, callsLeaveQuietly, useCalls } from '../calls/store';
import { loadTexts } from '../i18n/texts';
import { session } from '../session/session';
import { App } from './App';

vi.mock('../calls/store', async (original) => ({ ...(await original<object>()), callsLeaveQuietly: vi.fn() }));

/** The server's word on a refresh token. */
let code: string;

beforeAll(loadTexts);
beforeEach(async () => {
  const claims = btoa(JSON.stringify({ sub: 'u1', preferred_username: 'alice', name: 'Alice', 'custom:connectUserId': 'u1' }));
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (url.startsWith('/api/connect/')) return new Response('{"data":{"username":"alice","userId":"u1","permissions":[],"panel":true}}');
    const isLogIn = url === '/oauth2/token' && String(init.body).includes('grant_type=password');
    const body = isLogIn ? { access_token: 'a', refresh_token: 'r', id_token: `h.${claims}.s`, expires_in: 600 } : { code, message: '' };
    return new Response(JSON.stringify(body), { status: isLogIn ? 200 : 401, headers: { 'content-type': 'application/json' } });
  });
  await session.logIn('alice', 'right');
  vi.mocked(callsLeaveQuietly).mockClear();
  render(
    <MemoryRouter initialEntries={['/no-such-page']}>
      <App />
    </MemoryRouter>,
  );
});
afterEach(() => {
  cleanup();
  session.logOut();
  vi.unstubAllGlobals();
});

it('an account that was switched off leaves its calls and says so, before anything else has told', async () => {
  code = 'user_disabled';
  await expect(session.data('/api/x')).rejects.toMatchObject({ status: 401 });
  await screen.findByRole('heading', { name: 'Your account is switched off' });
  expect(callsLeaveQuietly).toHaveBeenCalled();
});

it('a session that has merely ended leaves them running', async () => {
  code = 'session_expired';
  await expect(session.data('/api/x')).rejects.toMatchObject({ status: 401 });
  await screen.findByRole('heading', { name: 'Your session has ended' });
  expect(callsLeaveQuietly).not.toHaveBeenCalled();
});

it('over a running call the log-in is a dialog, and the page behind it stays', async () => {
  code = 'session_expired';
  useCalls.setState({ calls: { m: { meetingId: 'm', media: { phase: 'joined' } } as unknown as Call } });
  await expect(session.data('/api/x')).rejects.toMatchObject({ status: 401 });
  const dialog = await screen.findByRole('alertdialog', { name: 'Your session has ended' });
  expect(dialog.textContent).toContain('Your call goes on.');
  expect(screen.getByRole('heading', { name: 'There is no such page', hidden: true })).toBeDefined();
  expect(callsLeaveQuietly).not.toHaveBeenCalled();
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: 'right' } });
  fireEvent.submit(screen.getByRole('button', { name: 'Log in' }));
  await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull());
  expect(screen.getByRole('heading', { name: 'There is no such page' })).toBeDefined();
  useCalls.setState({ calls: {} });
});
