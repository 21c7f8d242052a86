import { useNavigate, useParams } from 'react-router';
import { useTexts } from '../i18n/texts';
import { ErrorNotice } from '../ui/Notice';
import { usePage } from '../ui/page';
import { Waiting } from '../ui/Screen';
import { AgentsNow } from './AgentsNow';
import { LiveContacts } from './LiveContacts';
import { QueuesNow } from './QueuesNow';
import { useLive } from './use-live';
import { WatchPane } from './WatchPane';
import './supervise.css';

/** What goes on in the supervisor's part of the contact centre, and one contact of it from near. */
export function SupervisePage() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const main = usePage(t('supervise.title'));
  const { contactId } = useParams();
  const { live, error, now } = useLive();
  const toList = () => void navigate('/supervise');
  return (
    <main className={`supervise${contactId ? ' supervise--open' : ''}`} ref={main} tabIndex={-1}>
      {/* On a phone an open chat covers the floor, and its visible title. */}
      <h1 className="visually-hidden">{t('supervise.title')}</h1>
      <div className="supervise__floor">
        <p className="supervise__title" aria-hidden>
          {t('supervise.title')}
        </p>
        {error !== undefined && <ErrorNotice error={error} />}
        {live ? (
          <>
            <LiveContacts contacts={live.contacts} now={now} selectedId={contactId} onSelect={(id) => void navigate(`/supervise/${encodeURIComponent(id)}`)} />
            <div className="supervise__cards">
              <QueuesNow queues={live.queues} now={now} />
              <AgentsNow agents={live.agents} />
            </div>
          </>
        ) : (
          error === undefined && <Waiting label={t('common.loading')} />
        )}
      </div>
      {contactId && (
        <WatchPane key={contactId} contactId={contactId} contact={live?.contacts.find((one) => one.contactId === contactId)} onClose={toList} />
      )}
    </main>
  );
}
