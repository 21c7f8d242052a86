import type { EndReason } from '@upcall/shared/media/types';
import { CircleX, LogOut, MonitorSmartphone, PhoneOff, ShieldX, UserX, Users, WifiOff, type IconNode } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../widget/components/Icon';
import { useT } from '../../widget/i18n';

interface Props {
  reason: EndReason;
  /** The conversation has ended as well. */
  chatOver: boolean;
  onRejoin(): void;
  onBack(): void;
}

const SIGNS: Record<EndReason, IconNode> = {
  left: LogOut, ended: PhoneOff, removed: UserX, elsewhere: MonitorSmartphone, refused: ShieldX, full: Users, network: WifiOff, failed: CircleX,
};

/** Whether joining again can help. */
const REJOIN: Record<EndReason, 'over.rejoin' | 'over.here' | null> = {
  left: 'over.rejoin', ended: null, removed: null, elsewhere: 'over.here', refused: null, full: 'over.rejoin', network: 'over.rejoin', failed: 'over.rejoin',
};

/** Why the call is over for this person, and the way on. */
export function OverScreen({ reason, chatOver, onRejoin, onBack }: Props): JSX.Element {
  const t = useT();
  const rejoin = chatOver ? null : REJOIN[reason];
  return (
    <div class="over" role="status">
      <span class="over__sign">
        <Icon node={SIGNS[reason]} size={28} />
      </span>
      <h3 class="over__title">{t(`over.${reason}.title`)}</h3>
      <p class="over__text">{t(chatOver ? 'over.chatOver' : `over.${reason}.text`)}</p>
      <div class="over__actions">
        {rejoin && (
          <button type="button" class="button button--primary" onClick={onRejoin}>
            {t(rejoin)}
          </button>
        )}
        <button type="button" class={`button ${rejoin ? 'button--plain' : 'button--primary'}`} onClick={onBack}>
          {t('over.chat')}
        </button>
      </div>
    </div>
  );
}
