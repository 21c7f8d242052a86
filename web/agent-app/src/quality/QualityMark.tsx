import { CircleAlert, type LucideIcon, OctagonAlert, ShieldCheck, TriangleAlert } from 'lucide-react';
import { useId } from 'react';
import { Button as RawButton } from 'react-aria-components/Button';
import { DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { localeOf } from '@upcall/shared/i18n/locale';
import { useTexts } from '../i18n/texts';
import { type Band, bandOf, type PersonQuality } from './types';
import { useReasonText, useScoreText } from './words';
import './quality.css';

const ICONS: Record<Band, LucideIcon> = { good: ShieldCheck, fair: CircleAlert, poor: TriangleAlert, bad: OctagonAlert };

interface QualityMarkProps {
  name: string;
  quality: PersonQuality;
}

/** One person's score with a sign of its own shape; pressed, what it is made of and why it is no better. */
export function QualityMark({ name, quality }: QualityMarkProps) {
  const { t } = useTexts();
  const title = useId();
  const scoreText = useScoreText();
  const band = bandOf(quality.score);
  const Icon = ICONS[band];
  const score = scoreText(quality.score);
  return (
    <DialogTrigger>
      <RawButton className={`quality quality--${band}`} aria-label={t('quality.mark', { name, score, band: t(`quality.band.${band}`) })}>
        <Icon size={14} aria-hidden />
        <span aria-hidden>{score}</span>
      </RawButton>
      {/* Itself the dialog: what closes it for screen readers is then inside too. */}
      <Popover className="quality-panel" placement="top end" aria-labelledby={title}>
        <div className="quality-panel__body">
          <h2 id={title} className="quality-panel__title" dir="auto">
            {t('quality.title', { name })}
          </h2>
          <QualityFigures quality={quality} />
        </div>
      </Popover>
    </DialogTrigger>
  );
}

export function QualityFigures({ quality }: { quality: PersonQuality }) {
  const { t, language } = useTexts();
  const scoreText = useScoreText();
  const reasonText = useReasonText();
  const number = new Intl.NumberFormat(localeOf(language), { maximumFractionDigits: 1 });
  const band = bandOf(quality.score);
  const Icon = ICONS[band];
  const facts: [string, string][] = [];
  const add = (name: string, value: number | undefined, as: (value: string) => string) => {
    if (value !== undefined) facts.push([name, as(number.format(value))]);
  };
  const percent = (value: string) => t('figures.percent', { percent: value });
  const ms = (value: string) => t('figures.ms', { ms: value });
  const kbps = (value: string) => t('quality.kbps', { kbps: value });
  if (quality.sound !== undefined) facts.push([t('quality.sound'), scoreText(quality.sound)]);
  if (quality.picture !== undefined) facts.push([t('quality.picture'), scoreText(quality.picture)]);
  add(t('quality.rtt'), quality.rttMs, ms);
  add(t('quality.jitter'), quality.jitterMs, ms);
  add(t('quality.lossUp'), quality.lossUpPercent, percent);
  add(t('quality.lossDown'), quality.lossDownPercent, percent);
  add(t('quality.gaps'), quality.soundGapsPercent, percent);
  if (quality.picture !== undefined) add(t('quality.frozen'), quality.frozenPercent, percent);
  add(t('quality.fps'), quality.fps, (value) => value);
  add(t('quality.up'), quality.upKbps, kbps);
  add(t('quality.down'), quality.downKbps, kbps);
  add(t('quality.sent'), quality.sentKbps, kbps);
  add(t('quality.received'), quality.receivedKbps, kbps);
  if (quality.cpuPressure !== undefined) facts.push([t('quality.device'), t(quality.cpuPressure >= 2 ? 'quality.deviceBusy' : 'quality.deviceFree')]);
  return (
    <>
      <p className={`quality-panel__verdict quality-panel__verdict--${band}`}>
        <Icon size={18} aria-hidden />
        <span>
          <strong>{t('quality.score', { score: scoreText(quality.score), band: t(`quality.band.${band}`) })}</strong>
          {reasonText(quality.reason) && <span className="quality-panel__reason">{reasonText(quality.reason)}</span>}
        </span>
      </p>
      <dl className="quality-panel__facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {!quality.clientTells && <p className="soft quality-panel__note">{t('quality.serverOnly')}</p>}
    </>
  );
}
