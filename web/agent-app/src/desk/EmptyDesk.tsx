import { Coffee, Headset, MessagesSquare, PhoneForwarded, Video } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useCentre } from '../centre/store';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { useAction } from '../ui/use-action';
import { AdHocDialog } from './AdHocDialog';
import { StartVideo } from './StartVideo';

/** Nothing is selected: what the agent can do now. */
export function EmptyDesk() {
  const { t } = useTexts();
  const status = useCentre((centre) => centre.agent?.status ?? 'offline');
  // Of an administrator's own status; the two that are always there have their own words.
  const name = useCentre(({ agent }) => (agent?.statusId && agent.statusId !== agent.status ? agent.statusName : undefined));
  const hasContacts = useCentre((centre) => centre.contacts.length > 0);
  const setStatus = useCentre((centre) => centre.setStatus);
  const [open, setOpen] = useState<'adHoc' | 'meeting'>();
  const [goAvailable, busy] = useAction(useCallback(() => setStatus('available'), [setStatus]));
  const part = hasContacts ? 'choose' : status === 'available' ? (name ? 'waitingAs' : 'waiting') : name ? 'elsewhere' : 'offline';
  const Icon = { choose: MessagesSquare, waiting: Headset, waitingAs: Headset, offline: Coffee, elsewhere: Coffee }[part];
  const words = { name: name ?? '' };
  return (
    <section className="desk__centre desk__centre--empty">
      <div className="offer">
        <span className="offer__icon">
          <Icon size={28} aria-hidden />
        </span>
        <h2>{t(`empty.${part}.title`, words)}</h2>
        <p className="soft">{t(`empty.${part}.text`, words)}</p>
        {(part === 'offline' || part === 'elsewhere') && (
          <Button kind="primary" busy={busy} onPress={() => goAvailable()}>
            {t('empty.goAvailable')}
          </Button>
        )}
        <div className="offer__more">
          <Button kind="quiet" icon={PhoneForwarded} onPress={() => setOpen('adHoc')}>
            {t('adHoc.open')}
          </Button>
          <Button kind="quiet" icon={Video} onPress={() => setOpen('meeting')}>
            {t('startVideo.solo')}
          </Button>
        </div>
      </div>
      <AdHocDialog isOpen={open === 'adHoc'} onClose={() => setOpen(undefined)} />
      <Dialog title={t('startVideo.solo')} isOpen={open === 'meeting'} onClose={() => setOpen(undefined)}>
        <p className="soft">{t('startVideo.soloText')}</p>
        <StartVideo />
      </Dialog>
    </section>
  );
}
