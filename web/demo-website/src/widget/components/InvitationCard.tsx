import { Video } from 'lucide';
import type { JSX } from 'preact';
import type { CallInvitation } from '../call-invitation';
import { useT } from '../i18n';
import { useStore } from '../store';
import { Icon } from './Icon';

export function InvitationCard({ call }: { call: CallInvitation }): JSX.Element | null {
  const t = useT();
  const { invitation } = useStore(call.store);
  if (!invitation) return null;
  return (
    <div class="invitation">
      <span class="invitation__sign">
        <Icon node={Video} size={24} />
      </span>
      <h3 class="invitation__title">{t('invitation.title', { name: invitation.from })}</h3>
      <p class="invitation__text">{t('invitation.text')}</p>
      <div class="invitation__actions">
        <button type="button" class="button button--primary" onClick={() => call.prepare()}>
          {t('invitation.join')}
        </button>
        <button type="button" class="button button--plain" onClick={() => call.setLater(true)}>
          {t('invitation.later')}
        </button>
      </div>
    </div>
  );
}
