import { ArrowRightLeft, Clapperboard, MessageSquareText, Video } from 'lucide-react';
import { Link, useLocation } from 'react-router';
import type { FoundContact } from '../api/contacts';
import { clock, dateTimeOf } from '../desk/time';
import { useTexts } from '../i18n/texts';

function lasted({ initiatedAt, endedAt }: FoundContact): number {
  return new Date(endedAt).getTime() - new Date(initiatedAt).getTime();
}

export function Results({ contacts }: { contacts: FoundContact[] }) {
  const { t, language } = useTexts();
  const { search } = useLocation();
  return (
    <div className="results">
      <table>
        <caption className="visually-hidden">{t('search.title')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('search.customer')}</th>
            <th scope="col">{t('search.initiated')}</th>
            <th scope="col">{t('search.duration')}</th>
            <th scope="col">{t('search.agent')}</th>
            <th scope="col">{t('search.queue')}</th>
            <th scope="col">{t('search.outcome')}</th>
            <th scope="col">{t('search.kind')}</th>
          </tr>
        </thead>
        <tbody>
          {contacts.map((contact) => (
            <tr key={contact.contactId}>
              <th scope="row">
                <Link to={`/contacts/${encodeURIComponent(contact.contactId)}`} state={{ search }} className="results__link">
                  <span dir="auto">{contact.customerName || t('contact.unnamed')}</span>
                </Link>
              </th>
              <td>
                <time dateTime={contact.initiatedAt}>{dateTimeOf(contact.initiatedAt, language)}</time>
              </td>
              <td className="results__number">{clock(lasted(contact))}</td>
              <td dir="auto">{contact.agent?.name ?? t('search.nobody')}</td>
              <Words>{contact.queue?.name}</Words>
              <Words>{contact.outcome}</Words>
              <td>
                <span className="results__marks">
                  {contact.channel === 'video' ? <Mark icon={Video} label={t('search.video')} /> : <Mark icon={MessageSquareText} label={t('search.chat')} />}
                  {contact.recorded && <Mark icon={Clapperboard} label={t('search.recorded')} />}
                  {contact.segments > 1 && <Mark icon={ArrowRightLeft} label={t('search.transferred')} />}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A dash where there is nothing; on a phone not even that. */
function Words({ children }: { children: string | undefined }) {
  return (
    <td dir="auto" className={children ? undefined : 'results__nothing'}>
      {children || '–'}
    </td>
  );
}

function Mark({ icon: Icon, label }: { icon: typeof Video; label: string }) {
  return (
    <span className="results__mark" title={label}>
      <Icon size={16} aria-hidden />
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
