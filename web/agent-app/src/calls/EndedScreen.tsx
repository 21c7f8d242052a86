import { CircleCheck, PhoneOff, RotateCcw, WifiOff } from 'lucide-react';
import { useCallback } from 'react';
import { useNavigate } from 'react-router';
import type { EndReason } from '@upcall/shared/media/types';
import { useCentre } from '../centre/store';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Screen } from '../ui/Screen';
import { useAction } from '../ui/use-action';
import { type Call, dismissCall, openCall } from './store';

/** After these the meeting may still go on. */
const MAY_REJOIN: readonly EndReason[] = ['left', 'elsewhere', 'network', 'failed', 'full'];
const ICONS: Partial<Record<EndReason, typeof PhoneOff>> = { left: CircleCheck, ended: CircleCheck, network: WifiOff };

export function EndedScreen({ call, reason }: { call: Call; reason: EndReason }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const contact = useCentre((centre) => centre.contacts.find((one) => one.contactId === call.contactId));
  const toDesk = () => {
    dismissCall(call.meetingId);
    void navigate(call.contactId ? `/?contact=${encodeURIComponent(call.contactId)}` : '/');
  };
  const [rejoin, busy] = useAction(
    // The open call then goes by itself to where it is joined.
    useCallback(
      () => openCall({ meetingId: call.meetingId, ownName: call.ownName, contact }),
      [call.meetingId, call.ownName, contact],
    ),
  );
  const how = call.handedOn ? 'handedOn' : reason;
  return (
    <Screen icon={call.handedOn ? CircleCheck : (ICONS[reason] ?? PhoneOff)} title={t(`call.ended.${how}.title`)} text={t(`call.ended.${how}.text`)}>
      <Button kind="primary" onPress={toDesk}>
        {t('common.toDesk')}
      </Button>
      {!call.handedOn && MAY_REJOIN.includes(reason) && (
        <Button icon={RotateCcw} busy={busy} onPress={() => rejoin()}>
          {t('call.rejoin')}
        </Button>
      )}
    </Screen>
  );
}
