import { Eye, MessagesSquare } from 'lucide-react';
import type { LiveContact } from '../api/supervisor';
import { clock } from '../desk/time';
import { useTexts } from '../i18n/texts';

interface LiveContactsProps {
  contacts: readonly LiveContact[];
  /** The server's, in Unix milliseconds. */
  now: number;
  selectedId: string | undefined;
  onSelect: (contactId: string) => void;
}

export function LiveContacts({ contacts, now, selectedId, onSelect }: LiveContactsProps) {
  const { t } = useTexts();
  if (contacts.length === 0) {
    return (
      <p className="supervise__none">
        <MessagesSquare size={18} aria-hidden />
        {t('supervise.none')}
      </p>
    );
  }
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={t('supervise.contacts')}>
      <table className="table">
        <caption className="visually-hidden">{t('supervise.contacts')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('supervise.customer')}</th>
            <th scope="col">{t('supervise.agent')}</th>
            <th scope="col">{t('supervise.queue')}</th>
            <th scope="col">{t('supervise.state')}</th>
            <th scope="col" className="table__number">
              {t('supervise.waited')}
            </th>
            <th scope="col" className="table__number">
              {t('supervise.handled')}
            </th>
          </tr>
        </thead>
        <tbody>
          {contacts.map((contact) => (
            <Row key={contact.contactId} contact={contact} now={now} selected={contact.contactId === selectedId} onSelect={onSelect} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  contact: LiveContact;
  now: number;
  selected: boolean;
  onSelect: (contactId: string) => void;
}

function Row({ contact, now, selected, onSelect }: RowProps) {
  const { t } = useTexts();
  const queued = Date.parse(contact.queuedAt);
  const connected = contact.connectedAt ? Date.parse(contact.connectedAt) : undefined;
  const waited = contact.state === 'flow' ? undefined : (connected ?? now) - queued;
  return (
    <tr aria-selected={selected || undefined} className={selected ? 'table__row--selected' : undefined}>
      <th scope="row">
        <button type="button" className="link-button" aria-current={selected ? 'true' : undefined} onClick={() => onSelect(contact.contactId)}>
          <bdi>{contact.customer || t('contact.unnamed')}</bdi>
          <span className="visually-hidden">, {t('supervise.watch')}</span>
        </button>
      </th>
      <td>
        <bdi>{contact.agent?.name ?? '–'}</bdi>
      </td>
      <td>
        <bdi>{contact.queue || (contact.state === 'flow' ? '–' : t('supervise.personal'))}</bdi>
      </td>
      <td>
        <span className={`tag tag--${contact.state}`}>{t(`supervise.states.${contact.state}`)}</span>
        {contact.monitored && (
          <span className="tag tag--watched">
            <Eye size={14} aria-hidden />
            {t(contact.barged ? 'supervise.inside' : 'supervise.watching')}
          </span>
        )}
      </td>
      <td className="table__number">{waited === undefined ? '–' : clock(waited)}</td>
      <td className="table__number">{connected === undefined ? '–' : clock(now - connected)}</td>
    </tr>
  );
}
