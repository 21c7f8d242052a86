import { VideoOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { ErrorScreen, Screen, Waiting } from '../ui/Screen';
import type { Call } from './store';
import { useCall } from './use-call';

interface CallGateProps {
  meetingId: string;
  children: (call: Call, rejoin: boolean) => ReactNode;
}

/** Shows its children when the call is open; opens it again after a reload; otherwise says how it is. */
export function CallGate({ meetingId, children }: CallGateProps) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const { now, open } = useCall(meetingId);
  switch (now.state) {
    case 'open':
      return children(now.call, now.rejoin);
    case 'opening':
      return <Waiting label={t('call.opening')} />;
    case 'failed':
      return (
        <ErrorScreen title={t('call.failedTitle')} error={now.error} onRetry={open}>
          <Button onPress={() => navigate('/')}>{t('common.toDesk')}</Button>
        </ErrorScreen>
      );
    case 'closed':
      return (
        <Screen icon={VideoOff} title={t('call.closedTitle')} text={t('call.closedText')}>
          <Button kind="primary" onPress={open}>
            {t('call.openAgain')}
          </Button>
          <Button onPress={() => navigate('/')}>{t('common.toDesk')}</Button>
        </Screen>
      );
  }
}
