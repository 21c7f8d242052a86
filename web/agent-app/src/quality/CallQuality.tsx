import { Activity, Table2 } from 'lucide-react';
import { lazy, Suspense, useEffect, useId, useMemo, useState } from 'react';
import { localeOf } from '@upcall/shared/i18n/locale';
import { contactsApi } from '../api/contacts';
import { clock } from '../desk/time';
import type { Translate } from '@upcall/shared/i18n/texts';
import { type TextKey, useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { type PersonCall, personCalls, rowsOf } from './stays';
import { bandOf, isReason, type Stay } from './types';
import { useScoreText } from './words';
import './quality.css';
import './call-quality.css';

// The drawing library is loaded when there is something to draw.
const QualityChart = lazy(() => import('./QualityChart'));

const ROWS = 60;

/** How each person of a contact's calls fared, as a picture over time, or as a table. */
export function CallQuality({ contactId }: { contactId: string }) {
  const { t } = useTexts();
  const [stays, setStays] = useState<Stay[]>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    contactsApi.quality(contactId).then(
      (kept) => setStays(kept.stays),
      () => setFailed(true),
    );
  }, [contactId]);
  const people = useMemo(() => personCalls(stays ?? []), [stays]);
  if (!failed && stays && people.length === 0) return null;
  return (
    <section className="card call-quality" aria-labelledby="contact-quality">
      <h2 id="contact-quality">
        <Activity size={18} aria-hidden /> {t('quality.heading')}
      </h2>
      {failed && <p className="soft">{t('quality.notLoaded')}</p>}
      {!failed && !stays && <p className="soft">{t('common.loading')}</p>}
      <div className="call-quality__people">
        {people.map((person) => (
          <OnePerson key={person.key} person={person} />
        ))}
      </div>
    </section>
  );
}

function OnePerson({ person }: { person: PersonCall }) {
  const { t } = useTexts();
  const scoreText = useScoreText();
  const title = useId();
  const [asTable, setAsTable] = useState(false);
  const name = person.name || t('call.unnamed');
  const band = bandOf(person.meanScore);
  return (
    <article className="call-quality__person" aria-labelledby={title}>
      <header className="call-quality__head">
        <h3 id={title} dir="auto">
          {name}
        </h3>
        <span className={`quality quality--static quality--${band}`}>
          {scoreText(person.meanScore)} · {t(`quality.band.${band}`)}
        </span>
        <span className="soft call-quality__sum">
          {t('quality.summary', { worst: scoreText(person.worstScore), there: clock(person.presentMs), bad: clock(person.badMs) })}
          {isReason(person.reason) && ` ${t('quality.mostly', { why: t(`quality.kind.${person.reason}`) })}`}
        </span>
        <Button kind="quiet" icon={asTable ? Activity : Table2} onPress={() => setAsTable(!asTable)}>
          {t(asTable ? 'quality.asPicture' : 'quality.asTable')}
        </Button>
      </header>
      {asTable ? (
        <Rows person={person} name={name} />
      ) : (
        <Suspense fallback={<p className="soft call-quality__wait">{t('common.loading')}</p>}>
          <QualityChart person={person} name={name} />
        </Suspense>
      )}
    </article>
  );
}

function Rows({ person, name }: { person: PersonCall; name: string }) {
  const { t, language } = useTexts();
  const scoreText = useScoreText();
  const time = new Intl.DateTimeFormat(localeOf(language), { timeStyle: 'medium' });
  const number = new Intl.NumberFormat(localeOf(language), { maximumFractionDigits: 1 });
  const shown = (value: number | null) => (value === null ? '–' : number.format(value));
  return (
    // Wider than a phone: it is moved by the keyboard too.
    <div className="call-quality__table" role="region" aria-label={t('quality.tableOf', { name })} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {(['at', 'scoreShort', 'why', 'rtt', 'lossUp', 'lossDown', 'frozen', 'up', 'down'] as const).map((column) => (
              <th key={column} scope="col">
                {t(`quality.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(person.samples, ROWS).map((row) => (
            <tr key={row.at}>
              <th scope="row">{time.format(row.at)}</th>
              <td>{row.score === null ? '–' : scoreText(row.score)}</td>
              <td>{isReason(row.reason) ? t(`quality.kind.${row.reason}`) : ''}</td>
              <td>{t('figures.ms', { ms: shown(row.rttMs) })}</td>
              <td>{t('figures.percent', { percent: shown(row.lossUpPercent) })}</td>
              <td>{t('figures.percent', { percent: shown(row.lossDownPercent) })}</td>
              <td>{t('figures.percent', { percent: shown(row.frozenPercent) })}</td>
              <td>{shown(row.upKbps)}</td>
              <td>{shown(row.downKbps)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h4>{t('quality.happened')}</h4>
      <ul>
        {person.happenings.map((one) => (
          <li key={`${one.at} ${one.kind}`}>
            <time>{time.format(one.at)}</time> {happeningText(t, one.kind)}
          </li>
        ))}
      </ul>
    </div>
  );
}

const HAPPENINGS = ['joined', 'left', 'dropped', 'video_on', 'video_off', 'share_on', 'share_off'] as const;

export function happeningText(t: Translate<TextKey>, kind: string): string {
  const known = HAPPENINGS.find((one) => one === kind);
  return known ? t(`quality.event.${known}`) : kind;
}
