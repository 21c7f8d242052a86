import { useEffect, useState } from 'react';
import { localeOf } from '@upcall/shared/i18n/locale';
import type { Figures, StreamFigures } from '@upcall/shared/media/figures';
import type { Attendee, MediaSession } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';
import { SignalMark } from './SignalMark';

export function useFigures(session: MediaSession, wanted: boolean): Figures | undefined {
  const [figures, setFigures] = useState<Figures>();
  useEffect(() => {
    if (!wanted) return;
    const stop = session.watchFigures(setFigures);
    return () => {
      stop();
      setFigures(undefined);
    };
  }, [session, wanted]);
  return figures;
}

/** One person's connection: the verdict in words, then what this page measures of it. */
export function ConnectionFigures({ attendee, figures }: { attendee: Attendee; figures: Figures | undefined }) {
  const { t, language } = useTexts();
  const number = new Intl.NumberFormat(localeOf(language), { maximumFractionDigits: 1 });
  const stream = ({ width, height, fps, kbps, lostPercent }: StreamFigures) =>
    t('figures.stream', { width, height, fps, mbps: number.format(kbps / 1000), percent: number.format(lostPercent) });
  const person = figures?.people.get(attendee.attendeeId);
  const facts: [string, string][] = [];
  if (figures && attendee.isSelf) {
    if (figures.delayMs !== undefined) facts.push([t('figures.delay'), t('figures.ms', { ms: figures.delayMs })]);
    facts.push([t('figures.lostUp'), t('figures.percent', { percent: number.format(figures.lostUpPercent) })]);
    facts.push([t('figures.lostDown'), t('figures.percent', { percent: number.format(figures.lostDownPercent) })]);
  }
  if (person?.camera) facts.push([t(attendee.isSelf ? 'figures.sending' : 'figures.camera'), stream(person.camera)]);
  if (person?.share) facts.push([t('figures.screen'), stream(person.share)]);
  return (
    <div className="figures">
      {attendee.signal !== undefined && <SignalMark signal={attendee.signal} words />}
      {!figures && <span className="soft">{t('figures.measuring')}</span>}
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
