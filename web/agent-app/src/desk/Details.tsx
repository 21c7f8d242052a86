import { ExternalLink, X } from 'lucide-react';
import { Link } from 'react-router';
import { useCalls } from '../calls/store';
import { ATTRIBUTE, attribute, type Contact, customerName } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';
import { Avatar } from './Avatar';
import { StartVideo } from './StartVideo';
import { dateTimeOf } from './time';

export function Details({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const { t, language } = useTexts();
  const meetingId = attribute(contact, ATTRIBUTE.meetingId);
  const call = useCalls((state) => (meetingId ? state.calls[meetingId] : undefined));
  const name = customerName(contact) || t('contact.unnamed');
  const email = attribute(contact, ATTRIBUTE.customerEmail);
  const attributes = Object.entries(contact.attributes ?? {}).toSorted(([a], [b]) => a.localeCompare(b));
  const running = call?.media && call.media.phase !== 'ended';
  return (
    <aside className="details" aria-label={t('details.title')}>
      <IconButton label={t('common.close')} icon={X} onPress={onClose} className="only-medium details__close" />
      <div className="details__who">
        <Avatar name={name} large />
        <h2 dir="auto">{name}</h2>
        {email && (
          <p className="soft" dir="auto">
            {email}
          </p>
        )}
      </div>
      {contact.state === 'connected' && (
        <section className="card">
          <h3>{t('startVideo.title')}</h3>
          {running ? (
            <>
              <p className="soft">{t('startVideo.running')}</p>
              <Link className="button button--primary button--wide" to={`/meeting/${encodeURIComponent(meetingId)}`}>
                {t('shell.backToCall')}
              </Link>
            </>
          ) : (
            <StartVideo contact={contact} />
          )}
        </section>
      )}
      {attribute(contact, ATTRIBUTE.playbackUrl) && meetingId && (
        <p>
          <Link to={`/recording/${encodeURIComponent(meetingId)}`} target="_blank" className="link">
            {t('details.recordings')} <ExternalLink size={14} aria-hidden />
          </Link>
        </p>
      )}
      <section className="details__part">
        <h3>{t('details.contact')}</h3>
        <dl className="facts">
          {contact.queue?.name && <Fact name={t('details.queue')} value={contact.queue.name} />}
          {contact.startedAt && <Fact name={t('details.started')} value={dateTimeOf(contact.startedAt, language)} />}
          {contact.connectedAt && <Fact name={t('details.connected')} value={dateTimeOf(contact.connectedAt, language)} />}
        </dl>
      </section>
      <details className="details__part">
        <summary>
          {t('details.attributes')} <span className="count">{attributes.length}</span>
        </summary>
        <dl className="facts facts--stacked">
          {attributes.map(([key, value]) => (
            <Fact key={key} name={key} value={value || '–'} />
          ))}
        </dl>
      </details>
    </aside>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd dir="auto">{value}</dd>
    </div>
  );
}
