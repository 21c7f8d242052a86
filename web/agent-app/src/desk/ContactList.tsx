import { Headset, PhoneMissed } from 'lucide-react';
import { useCallback } from 'react';
import { sortedContacts } from '../centre/reducer';
import { useCentre } from '../centre/store';
import { type Contact, customerName } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { showToast } from '../ui/toasts';
import { useAction } from '../ui/use-action';
import { Avatar } from './Avatar';
import { timeOf } from './time';

interface ContactListProps {
  contacts: Contact[];
  selectedId: string | undefined;
  onSelect: (contactId: string) => void;
}

export function ContactList({ contacts, selectedId, onSelect }: ContactListProps) {
  const { t } = useTexts();
  return (
    <section className="contacts" aria-labelledby="contacts-title">
      <h2 id="contacts-title" className="contacts__title">
        {t('contacts.title')} <span className="count">{contacts.length}</span>
      </h2>
      {contacts.length === 0 && (
        <p className="contacts__empty">
          <Headset size={18} aria-hidden />
          {t('contacts.empty')}
        </p>
      )}
      <ul className="contacts__list">
        {sortedContacts(contacts).map((contact) => (
          <li key={contact.contactId} className={`contact-row contact-row--${contact.state}`}>
            <ContactButton contact={contact} selected={contact.contactId === selectedId} onSelect={onSelect} />
            {contact.state === 'connecting' && <OfferActions contact={contact} onAccepted={onSelect} />}
          </li>
        ))}
      </ul>
      <div role="status" className="visually-hidden">
        {contacts.some((contact) => contact.state === 'connecting') ? t('attention.title') : ''}
      </div>
    </section>
  );
}

function ContactButton({ contact, selected, onSelect }: { contact: Contact; selected: boolean; onSelect: (id: string) => void }) {
  const { t, language } = useTexts();
  const chat = useCentre((centre) => centre.chats[contact.contactId]);
  const name = customerName(contact) || t('contact.unnamed');
  const last = chat?.items.findLast((item) => item.Type === 'MESSAGE');
  const line = contact.state === 'connected' && last ? last.Content : t(`contact.state.${contact.state}`);
  const at = last?.AbsoluteTime ?? contact.queuedAt ?? contact.startedAt;
  return (
    <button
      type="button"
      className="contact-row__main"
      aria-current={selected ? 'true' : undefined}
      onClick={() => onSelect(contact.contactId)}
    >
      {contact.state === 'missed' ? <PhoneMissed size={20} aria-hidden className="contact-row__missed" /> : <Avatar name={name} />}
      <span className="contact-row__text">
        <span className="contact-row__name" dir="auto">
          {name}
        </span>
        <span className="contact-row__line" dir="auto">
          {line}
        </span>
      </span>
      <span className="contact-row__side">
        {at && <time dateTime={at}>{timeOf(at, language)}</time>}
        {chat && chat.unread > 0 && (
          <span className="badge">
            {chat.unread}
            <span className="visually-hidden"> {t('contacts.unread', { count: chat.unread })}</span>
          </span>
        )}
      </span>
    </button>
  );
}

export function OfferActions({ contact, onAccepted }: { contact: Contact; onAccepted?: ((contactId: string) => void) | undefined }) {
  const { t } = useTexts();
  const act = useCentre((centre) => centre.act);
  const { contactId } = contact;
  const name = customerName(contact) || t('contact.unnamed');
  const [accept, accepting] = useAction(
    useCallback(async () => {
      await act(contactId, 'accept');
      onAccepted?.(contactId);
    }, [act, contactId, onAccepted]),
  );
  const [reject, rejecting] = useAction(
    useCallback(async () => {
      await act(contactId, 'reject');
      showToast('info', t('offer.rejected', { name }));
    }, [act, contactId, name, t]),
  );
  return (
    <div className="offer-actions">
      <Button kind="primary" busy={accepting} isDisabled={rejecting} onPress={() => accept()} aria-label={t('offer.acceptName', { name })}>
        {t('offer.accept')}
      </Button>
      <Button kind="quiet" busy={rejecting} isDisabled={accepting} onPress={() => reject()} aria-label={t('offer.rejectName', { name })}>
        {t('offer.reject')}
      </Button>
    </div>
  );
}
