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
import { useMay } from '../session/permissions';
import { Button } from '../ui/Button';
import { Screen, Waiting } from '../ui/Screen';
import { askForDesk, leaveDesk, takeDesk, useDeskLock } from './desk-lock';
import { NoDesk } from './NoDesk';
import { Shell } from './Shell';

/** Pages that need no desk, but beside which its agent is offered contacts and reached in a call. */
const BESIDE = /^\/(contacts|supervise|pipeline)(\/|$)/;

/** All that needs the agent's desk: one tab, one event socket. */
export function AgentArea() {
  const { t } = useTexts();
  const lock = useDeskLock((state) => state.lock);
  const ready = useCentre((centre) => centre.ready);
  const noPanel = useOnboarding(({ me }) => me?.panel === false);
  const refused = useCentre((centre) => centre.socket === 'refused') || noPanel;

  const beside = BESIDE.test(useLocation().pathname);
  const agent = useMay('contact.handle');
  // Who only searches has no desk to ask for.
  const wanted = !beside || agent === true;

  useEffect(() => {
    if (!wanted) return;
    askForDesk();
    return leaveDesk;
  }, [wanted]);

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

  if (beside) {
    return (
      <Shell plain={!wanted || lock !== 'mine' || refused || !ready}>
        <Outlet />
      </Shell>
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
