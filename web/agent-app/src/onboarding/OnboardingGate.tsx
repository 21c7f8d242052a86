import { LogOut, UserRoundCog, UserRoundX } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { explain } from '@upcall/shared/api/errors';
import { useTexts } from '../i18n/texts';
import { session } from '../session/session';
import { useSession } from '../session/use-session';
import { Button } from '../ui/Button';
import { Notice } from '../ui/Notice';
import { Screen, WaitingScreen } from '../ui/Screen';
import { startOnboarding, stopOnboarding, tryAgain, useOnboarding } from './store';

function LogOutButton() {
  const { t } = useTexts();
  return (
    <Button icon={LogOut} onPress={() => session.logOut()}>
      {t('shell.signOut')}
    </Button>
  );
}

/** Nothing is shown before it is known who somebody is in the contact centre. One for an account. */
export function OnboardingGate({ children }: { children: ReactNode }) {
  const { t } = useTexts();
  const { user } = useSession();
  const state = useOnboarding((store) => store.state);
  // At the log-in: the claim that comes in the middle of it brings a reload.
  const [known] = useState(user?.connectUserId !== undefined);

  useEffect(() => {
    startOnboarding();
    return stopOnboarding;
  }, []);

  if (known || state.phase === 'ready') return children;
  if (state.phase === 'noQueue') {
    return (
      <Screen icon={UserRoundX} title={t('onboarding.noQueue.title')} text={t('onboarding.noQueue.text', { username: user?.username ?? '' })}>
        <Button kind="primary" onPress={tryAgain}>
          {t('common.retry')}
        </Button>
        <LogOutButton />
      </Screen>
    );
  }
  return (
    <WaitingScreen icon={UserRoundCog} title={t('onboarding.title')} text={t('onboarding.text')}>
      {state.failure !== undefined && (
        <>
          <Notice kind="warning">
            {t(`errors.${explain(state.failure).text}`)} {t('onboarding.again')}
          </Notice>
          <Button kind="primary" onPress={tryAgain}>
            {t('common.retry')}
          </Button>
          <LogOutButton />
        </>
      )}
    </WaitingScreen>
  );
}
