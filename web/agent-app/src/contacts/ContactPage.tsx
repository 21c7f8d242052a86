import { ArrowLeft, Clapperboard, SearchX } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Link, useLocation, useParams } from 'react-router';
import { ApiError } from '@upcall/shared/api/http';
import { type ContactPageData, contactsApi } from '../api/contacts';
import { Avatar } from '../desk/Avatar';
import { clock, dateTimeOf, timeOf } from '../desk/time';
import { useTexts } from '../i18n/texts';
import { usePage } from '../ui/page';
import { ErrorScreen, Screen, Waiting } from '../ui/Screen';
import { Attributes } from './Attributes';
import { Chat } from './Chat';
import { CallQuality } from '../quality/CallQuality';
import { Timeline } from './Timeline';
import '../desk/desk.css';
import './contacts.css';

export function ContactPage() {
  const { contactId = '' } = useParams();
  return <OneContact key={contactId} contactId={contactId} />;
}

/** The search that led here, or a new one. */
function useWayBack(): string {
  const { state } = useLocation();
  const search = (state as { search?: unknown } | null)?.search;
  return `/contacts${typeof search === 'string' ? search : ''}`;
}

function BackLink({ children }: { children?: ReactNode }) {
  const { t } = useTexts();
  return (
    <Link className="button button--quiet button--back" to={useWayBack()}>
      <ArrowLeft size={18} aria-hidden />
      <span>{children ?? t('search.back')}</span>
    </Link>
  );
}

function OneContact({ contactId }: { contactId: string }) {
  const { t } = useTexts();
  const [contact, setContact] = useState<ContactPageData>();
  const [error, setError] = useState<unknown>();
  const load = useCallback(() => {
    setError(undefined);
    contactsApi.contact(contactId).then(setContact, setError);
  }, [contactId]);
  useEffect(load, [load]);
  if (contact) return <Page contact={contact} />;
  if (error === undefined) return <Waiting label={t('common.loading')} />;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Screen icon={SearchX} title={t('search.notFound.title')} text={t('search.notFound.text')}>
        <BackLink />
      </Screen>
    );
  }
  return (
    <ErrorScreen title={t('search.notLoaded')} error={error} onRetry={load}>
      <BackLink />
    </ErrorScreen>
  );
}

function Page({ contact }: { contact: ContactPageData }) {
  const { t, language } = useTexts();
  const name = contact.customerName || t('contact.unnamed');
  const main = usePage(name);
  return (
    <main className="contact-page" ref={main} tabIndex={-1}>
      <BackLink />
      <div className="contact__head">
        <Avatar name={name} large />
        <div>
          <h1 dir="auto">{name}</h1>
          <p className="soft">
            <time dateTime={contact.initiatedAt}>{dateTimeOf(contact.initiatedAt, language)}</time>
            {contact.agent && (
              <>
                {' · '}
                <span dir="auto">{contact.agent.name}</span>
              </>
            )}
            {contact.queue && (
              <>
                {' · '}
                <span dir="auto">{contact.queue.name}</span>
              </>
            )}
          </p>
          <p className="soft mono">{contact.contactId}</p>
        </div>
      </div>
      {contact.channel === 'video' && <CallQuality contactId={contact.contactId} />}
      <div className="contact__parts">
        <div className="contact__side">
          <Segments contact={contact} />
          <Recordings contact={contact} />
          <section className="card" aria-labelledby="contact-attributes">
            <h2 id="contact-attributes">{t('details.attributes')}</h2>
            <Attributes attributes={contact.attributes} />
          </section>
        </div>
        <section className="card" aria-labelledby="contact-timeline">
          <h2 id="contact-timeline">{t('search.timeline')}</h2>
          <Timeline steps={contact.timeline} />
        </section>
        <section className="card contact__chat" aria-labelledby="contact-chat">
          <h2 id="contact-chat">{t('chat.transcript')}</h2>
          <Chat contactId={contact.contactId} />
        </section>
      </div>
    </main>
  );
}

/** Of a contact that was handed on: each part with a link to where it begins in the time line. */
function Segments({ contact }: { contact: ContactPageData }) {
  const { t, language } = useTexts();
  if (contact.segmentList.length < 2) return null;
  return (
    <section className="card" aria-labelledby="contact-segments">
      <h2 id="contact-segments">{t('search.segments')}</h2>
      <ol className="segments">
        {contact.segmentList.map((segment) => (
          <li key={segment.number}>
            <a href={`#segment-${segment.number}`} className="link">
              <span dir="auto">{segment.agent?.name ?? t('search.nobody')}</span>
            </a>
            <span className="soft">
              <span dir="auto">{segment.queue.name}</span>
              {' · '}
              {timeOf(segment.connectedAt ?? segment.queuedAt, language)}
              {segment.endedAt && ` – ${timeOf(segment.endedAt, language)}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Recordings({ contact }: { contact: ContactPageData }) {
  const { t, language } = useTexts();
  if (contact.recordings.length === 0) return null;
  return (
    <section className="card" aria-labelledby="contact-recordings">
      <h2 id="contact-recordings">{t('search.recordings')}</h2>
      <ul className="segments">
        {contact.recordings.map((recording) => {
          const label = dateTimeOf(recording.startedAt, language);
          return (
            <li key={recording.recordingId}>
              {recording.playbackPath ? (
                <Link className="link" to={recording.playbackPath}>
                  <Clapperboard size={16} aria-hidden /> {t('search.watch', { time: label })}
                </Link>
              ) : (
                <span>{label}</span>
              )}
              <span className="soft">
                {recording.durationMs !== undefined && `${t('playback.duration', { time: clock(recording.durationMs) })} `}
                {!recording.playbackPath && t('search.notForYou')}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
