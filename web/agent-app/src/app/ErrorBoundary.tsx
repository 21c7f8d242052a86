import { Bug } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { runningCall } from '../calls/other-call';
import { useCalls } from '../calls/store';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Screen } from '../ui/Screen';

function Broken() {
  const { t } = useTexts();
  const inCall = useCalls(({ calls }) => runningCall(calls) !== undefined);
  return (
    <Screen icon={Bug} title={t('broken.title')} text={t(inCall ? 'broken.inCall' : 'broken.text')}>
      <Button kind="primary" onPress={() => location.reload()}>
        {t('common.reload')}
      </Button>
    </Screen>
  );
}

/** A fault of the page itself, or a piece of it that could not be loaded after an update. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}
