import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { loadTexts } from '../i18n/texts';
import { LoginForm } from './LoginForm';
import { session } from './session';

/** The server's answers, in order: a code, or nothing for tokens. */
let answers: (string | undefined)[];
let sent: URLSearchParams[];

beforeAll(loadTexts);
beforeEach(() => {
  answers = [];
  sent = [];
  const claims = btoa(JSON.stringify({ sub: 'u1', preferred_username: 'alice', name: 'Alice' }));
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    sent.push(new URLSearchParams(String(init.body)));
    const code = answers.shift();
    const body = code ? { code, message: '' } : { access_token: 'a', refresh_token: 'r', id_token: `h.${claims}.s`, expires_in: 600 };
    return new Response(JSON.stringify(body), { status: code ? 401 : 200, headers: { 'content-type': 'application/json' } });
  });
  render(<LoginForm username="alice" />);
});
afterEach(() => {
  cleanup();
  session.logOut();
  vi.unstubAllGlobals();
});

function type(label: string, text: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
}
function submit(): void {
  fireEvent.submit(screen.getByRole('button', { name: 'Log in' }));
}

it('asks for a code and a new password when the server does, and sends all of it', async () => {
  answers = ['second_factor_required', 'password_change_required', 'second_factor_wrong', undefined];
  expect(screen.queryByLabelText('Code')).toBeNull();
  type('Password', 'temporary');
  submit();
  await screen.findByLabelText('Code');
  submit();
  await screen.findByText('Enter the code.');
  expect(sent).toHaveLength(1);
  type('Code', ' 123456 ');
  submit();
  await screen.findByLabelText('New password');
  type('New password', 'correct horse battery');
  submit();
  await screen.findByText('This code is not valid. Each works once.');
  type('Code', '654321');
  submit();
  await waitFor(() => expect(session.state.status).toBe('in'));
  expect(Object.fromEntries(sent[3]!)).toEqual({
    grant_type: 'password',
    username: 'alice',
    password: 'temporary',
    otp: '654321',
    new_password: 'correct horse battery',
  });
});

it('leads to the page where a second factor is set up', async () => {
  answers = ['second_factor_enrolment_required'];
  type('Password', 'right');
  submit();
  const link = await screen.findByRole('link', { name: 'Set it up, then log in here' });
  expect(link.getAttribute('href')).toBe('/login?return_to=/');
});
