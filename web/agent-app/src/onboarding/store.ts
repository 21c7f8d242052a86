// How far the log-in has come in the contact centre, and what the account may do there.
import { create } from 'zustand';
import { Backoff } from '@upcall/shared/backoff';
import { ApiError } from '@upcall/shared/api/http';
import { type Me, meApi } from '../api/me';
import { session } from '../session/session';
import { onboard } from './onboard';

/**
 * working: being set up; `failure` when an attempt has failed and the next one comes by itself. ready: go on.
 * noQueue: an administrator has to do something first.
 */
export type OnboardingState =
  | { phase: 'working'; failure?: unknown }
  | { phase: 'ready' }
  | { phase: 'noQueue' };

interface OnboardingStore {
  state: OnboardingState;
  /** Undefined until the server has said. */
  me: Me | undefined;
}

export const useOnboarding = create<OnboardingStore>()(() => ({ state: { phase: 'working' }, me: undefined }));

let run = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
const backoff = new Backoff(1_000, 15_000);

/** For the account that is logged in now; whoever was onboarded before does not wait. */
export function startOnboarding(reload: () => void = () => location.reload()): void {
  const mine = ++run;
  clearTimeout(retry);
  const known = session.state.user?.connectUserId !== undefined;
  if (known) useOnboarding.setState({ state: { phase: 'ready' } });
  onboard(session).then(
    ({ me, outcome }) => {
      if (mine !== run) return;
      backoff.reset();
      // Everything on the page began without the claim.
      if (outcome === 'set') return reload();
      if (outcome !== 'noQueue') meApi.refreshCache().catch(() => undefined);
      useOnboarding.setState({ me, state: { phase: outcome === 'noQueue' ? 'noQueue' : 'ready' } });
    },
    (failure: unknown) => {
      // A session that is over shows the log-in.
      if (mine !== run || (failure instanceof ApiError && failure.status === 401)) return;
      if (!known) useOnboarding.setState({ state: { phase: 'working', failure } });
      retry = setTimeout(() => startOnboarding(reload), backoff.next());
    },
  );
}

/** A person asks for the next attempt now. */
export function tryAgain(): void {
  backoff.reset();
  useOnboarding.setState({ state: { phase: 'working' } });
  startOnboarding();
}

export function stopOnboarding(): void {
  run += 1;
  clearTimeout(retry);
  backoff.reset();
  useOnboarding.setState({ state: { phase: 'working' }, me: undefined });
}
