import { ApiError } from '@upcall/shared/api/http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { failureText, joinFailure } from './failure';
import { takePrefill } from './prefill';
import { TabLock } from './tab-lock';
import { emailError, nameError } from './validate';

describe('the form', () => {
  it('wants a name and an address', () => {
    expect(nameError('  ')).toBe('nameMissing');
    expect(nameError('x'.repeat(257))).toBe('nameLong');
    expect(nameError('ü'.repeat(129))).toBe('nameLong');
    expect(nameError('Zoë')).toBeNull();
    expect(emailError('')).toBe('emailMissing');
    for (const bad of ['a', 'a@b', '@b.de', 'a@@b.de', 'a b@c.de', 'a@b.', `${'x'.repeat(250)}@b.de`]) expect(emailError(bad)).toBe('emailInvalid');
    for (const good of ['a@b.de', ' anna+tag@example.com ', 'jörg@müller.example']) expect(emailError(good)).toBeNull();
  });

  // acceptance: 3
  it('takes what a link says out of the address bar', () => {
    const replaceState = vi.fn();
    const take = (href: string) => takePrefill({ href }, { replaceState, state: null });
    expect(take('https://shop.example/help?a=1&refId=40718253&refEm=anna%2Btag%40example.com#x')).toEqual({ reference: '40718253', email: 'anna+tag@example.com' });
    expect(replaceState).toHaveBeenLastCalledWith(null, '', '/help?a=1#x');
    replaceState.mockClear();
    expect(take('https://shop.example/help?a=1')).toBeNull();
    expect(replaceState).not.toHaveBeenCalled();
    expect(take(`https://shop.example/?refId=${'9'.repeat(500)}`)!.reference.length).toBe(64);
  });
});

describe('failures', () => {
  it('have a sentence each', () => {
    const of = (status: number, code = '') => failureText(new ApiError(status, code, ''));
    expect([of(0), of(429), of(503), of(400), of(400, 'invalid_email'), of(400, 'flow_not_open'), of(500)]).toEqual(['network', 'busy', 'busy', 'invalid', 'invalidEmail', 'closed', 'server']);
    expect(failureText(new Error('config'))).toBe('network');
  });

  // acceptance: 14
  it('of joining become the screen of a call that is over', () => {
    const of = (status: number, code = '') => joinFailure(new ApiError(status, code, ''));
    expect([of(0), of(404), of(404, 'meeting_not_live'), of(404, 'no_such_attendee'), of(401), of(403), of(500)]).toEqual(['network', 'ended', 'ended', 'removed', 'refused', 'refused', 'failed']);
    expect(joinFailure(new TypeError('Failed to fetch dynamically imported module'))).toBe('network');
    expect(joinFailure(new Error('bug'))).toBe('failed');
  });
});

describe('one tab a chat', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** The part of Web Locks that is used. */
  function stubLocks() {
    let held: { lose: (error: Error) => void } | null = null;
    const request = (_: string, options: LockOptions, callback: () => Promise<void>) =>
      new Promise<void>((resolve, reject) => {
        if (held && !options.steal) return reject(new Error('timeout'));
        held?.lose(new Error('stolen'));
        const own = { lose: reject };
        held = own;
        void callback().then(() => {
          if (held === own) held = null;
          resolve();
        });
      });
    vi.stubGlobal('navigator', { locks: { request } });
  }

  it('a second tab is told, and may take the chat; the first is told then', async () => {
    stubLocks();
    const [first, second, lost] = [new TabLock(), new TabLock(), vi.fn()];
    expect(await first.take('c', 'ask', lost)).toBe(true);
    expect(await second.take('c', 'ask', vi.fn())).toBe(false);
    expect(await second.take('c', 'steal', vi.fn())).toBe(true);
    await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce());
  });

  it('a chat that was let go of is free', async () => {
    stubLocks();
    const first = new TabLock();
    await first.take('c', 'ask', vi.fn());
    first.release();
    await Promise.resolve();
    expect(await new TabLock().take('c', 'ask', vi.fn())).toBe(true);
  });

  it('a browser without locks does not keep anybody out', async () => {
    vi.stubGlobal('navigator', {});
    expect(await new TabLock().take('c', 'ask', vi.fn())).toBe(true);
  });
});
