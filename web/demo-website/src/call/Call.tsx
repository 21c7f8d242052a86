// The call's window by its stage: devices, joining and live, over.
import type { JSX } from 'preact';
import type { WidgetController } from '../widget/controller';
import { useT } from '../widget/i18n';
import { useStore } from '../widget/store';
import { DevicePage } from './components/DevicePage';
import { LiveCall } from './components/LiveCall';
import { OverScreen } from './components/OverScreen';
import { Window } from './components/Window';

export interface CallProps {
  controller: WidgetController;
}

export function Call({ controller }: CallProps): JSX.Element | null {
  const t = useT();
  const { call } = controller;
  const { stage, session, reason } = useStore(call.store);
  const { chat } = useStore(controller.store);
  const live = stage === 'live' || stage === 'joining';
  if (stage === 'none' || stage === 'invited') return null;
  return (
    <Window dark={live} title={live ? t('call.label') : stage === 'devices' ? t('devices.title') : t('call.label')} size={live ? 'large' : 'small'}>
      {stage === 'devices' && <DevicePage onJoin={(options) => void call.join(options)} onBack={() => call.back()} />}
      {stage === 'joining' && (
        <p class="stage-wait" role="status">
          {t('call.joining')}
        </p>
      )}
      {stage === 'live' && session && <LiveCall controller={controller} session={session} />}
      {stage === 'over' && reason && <OverScreen reason={reason} chatOver={chat?.connection === 'ended' || chat?.connection === 'expired'} onRejoin={() => call.prepare()} onBack={() => call.dismiss()} />}
    </Window>
  );
}
