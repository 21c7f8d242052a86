import { useEffect } from 'react';
import { Copy } from 'lucide-react';
import { Outlet, useLocation } from 'react-router';
import { callsLeaveQuietly } from '../calls/store';
import { startCallWatch } from '../calls/watch';
import { startReceipts } from '../centre/receipts';
import { startCentre, stopCentre, useCentre } from '../centre/store';
import { startAttention } from '../desk/attention';
import { useTexts } from '../i18n/texts';
import { useOnboarding } from '../onboarding/store';
import { Button } from '../ui/Button';
import { Screen, Waiting } from '../ui/Screen';
import { askForDesk, leaveDesk, takeDesk, useDeskLock } from './desk-lock';
import { Header } from './Header';
import { NoDesk } from './NoDesk';
import { Shell } from './Shell';
import { SignOut } from './SignOut';

/** All that needs the agent's desk: one tab, one event socket. */
export function AgentArea() {
  const { t } = useTexts();
  const { pathname } = useLocation();
  const lock = useDeskLock((state) => state.lock);
  const ready = useCentre((centre) => centre.ready);
  const noPanel = useOnboarding(({ me }) => me?.panel === false);
  const refused = useCentre((centre) => centre.socket === 'refused') || noPanel;

  useEffect(() => {
    askForDesk();
    return leaveDesk;
  }, []);

  useEffect(() => {
    if (lock !== 'mine') return;
    startCentre();
    const stopAttention = startAttention();
    const stopReceipts = startReceipts();
    const stopWatch = startCallWatch();
    return () => {
      stopWatch();
      stopReceipts();
      stopAttention();
      stopCentre();
    };
  }, [lock]);

  // An expired session or a look at another page leaves the call running; another tab takes it over, and who is no agent
  // any more has no call: nothing on the page would show that it goes on.
  useEffect(() => {
    if (lock === 'elsewhere' || refused) callsLeaveQuietly();
  }, [lock, refused]);

  // What supervisors look at needs no desk.
  const needsDesk = !pathname.startsWith('/supervise');
  if ((lock === 'elsewhere' || refused) && !needsDesk) {
    return (
      <div className="shell">
        <Header after={<SignOut />} />
        <Outlet />
      </div>
    );
  }
  if (lock === 'elsewhere') {
    return (
      <Screen icon={Copy} title={t('secondTab.title')} text={t('secondTab.text')}>
        <Button kind="primary" onPress={takeDesk}>
          {t('secondTab.useHere')}
        </Button>
      </Screen>
    );
  }
  if (refused) return <NoDesk />;
  if (!ready) return <Shell>{<Waiting label={t('common.connecting')} />}</Shell>;
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
