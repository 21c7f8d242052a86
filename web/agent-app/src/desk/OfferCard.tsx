import { ArrowLeft, MessageSquareText, PhoneMissed } from 'lucide-react';
import { useCallback } from 'react';
import { useCentre } from '../centre/store';
import { type Contact, customerName } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { Button, IconButton } from '../ui/Button';
import { useAction } from '../ui/use-action';
import { OfferActions } from './ContactList';
import { timeOf } from './time';

export function OfferCard({ contact, onBack }: { contact: Contact; onBack: () => void }) {
  const { t, language } = useTexts();
  return (
    <section className="desk__centre" aria-labelledby="offer-title">
      <div className="offer">
        <IconButton label={t('desk.back')} icon={ArrowLeft} onPress={onBack} className="only-narrow" />
        <span className="offer__icon">
          <MessageSquareText size={28} aria-hidden />
        </span>
        <p className="soft">{t('offer.title')}</p>
        <h2 id="offer-title" dir="auto">
          {customerName(contact) || t('contact.unnamed')}
        </h2>
        <p className="soft">
          {contact.queue?.personal ? t('offer.personal') : contact.queue?.name && t('offer.queue', { queue: contact.queue.name })}
          {contact.queuedAt && ` · ${t('offer.since', { time: timeOf(contact.queuedAt, language) })}`}
        </p>
        <OfferActions contact={contact} />
      </div>
    </section>
  );
}

/** An offer that was not answered. */
export function MissedCard({ contact }: { contact: Contact }) {
  const { t } = useTexts();
  const act = useCentre((centre) => centre.act);
  const [clear, busy] = useAction(useCallback(() => act(contact.contactId, 'clear'), [act, contact.contactId]));
  return (
    <section className="desk__centre">
      <div className="offer">
        <span className="offer__icon offer__icon--warning">
          <PhoneMissed size={28} aria-hidden />
        </span>
        <h2>{t('missed.title')}</h2>
        <p className="soft">{t('missed.text')}</p>
        <Button kind="primary" busy={busy} onPress={() => clear()}>
          {t('missed.dismiss')}
        </Button>
      </div>
    </section>
  );
}
