import { CartesianGrid, Line, LineChart, ReferenceArea, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { localeOf } from '@upcall/shared/i18n/locale';
import { useTexts } from '../i18n/texts';
import { happeningText } from './CallQuality';
import type { PersonCall, Sample } from './stays';

type Measured = Exclude<keyof Sample, 'at' | 'reason'>;

interface Curve {
  of: Measured;
  /** A dash keeps two lines of one picture apart without their colours. */
  dash?: string;
  tone: 'accent' | 'danger' | 'warning' | 'soft';
}

interface Strip {
  title: 'scoreShort' | 'loss' | 'rttFrozen' | 'bandwidth';
  curves: Curve[];
  domain?: [number, number];
  /** As high as that at least: what is small should look small. */
  least?: number;
  height: number;
}

const STRIPS: Strip[] = [
  { title: 'scoreShort', domain: [1, 5], height: 128, curves: [{ of: 'score', tone: 'accent' }] },
  { title: 'loss', least: 10, height: 92, curves: [{ of: 'lossUpPercent', tone: 'danger' }, { of: 'lossDownPercent', tone: 'warning', dash: '5 3' }] },
  { title: 'rttFrozen', least: 50, height: 92, curves: [{ of: 'rttMs', tone: 'accent' }, { of: 'frozenPercent', tone: 'danger', dash: '5 3' }] },
  { title: 'bandwidth', least: 500, height: 92, curves: [{ of: 'upKbps', tone: 'accent' }, { of: 'downKbps', tone: 'warning', dash: '5 3' }] },
];

const NAMES = {
  score: 'scoreShort', lossUpPercent: 'lossUp', lossDownPercent: 'lossDown', rttMs: 'rtt', frozenPercent: 'frozen', upKbps: 'up', downKbps: 'down',
} as const satisfies Record<Measured, string>;

const UNITS: Record<Measured, string> = {
  score: '', lossUpPercent: '%', lossDownPercent: '%', rttMs: 'ms', frozenPercent: '%', upKbps: 'kbit/s', downKbps: 'kbit/s',
};

const colour = (tone: Curve['tone']) => (tone === 'soft' ? 'var(--color-text-soft)' : `var(--color-${tone})`);

/** Four strips above one another with one time below; the table beside it says the same. */
export default function QualityChart({ person, name }: { person: PersonCall; name: string }) {
  const { t, language } = useTexts();
  const time = new Intl.DateTimeFormat(localeOf(language), { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const number = new Intl.NumberFormat(localeOf(language), { maximumFractionDigits: 1 });
  const unit = (of: string, value: number) => {
    if (of === 'rttMs') return t('figures.ms', { ms: number.format(value) });
    if (of === 'upKbps' || of === 'downKbps') return t('quality.kbps', { kbps: number.format(value) });
    if (of === 'score') return number.format(value);
    return t('figures.percent', { percent: number.format(value) });
  };
  return (
    <div className="call-quality__strips" role="img" aria-label={t('quality.pictureOf', { name })}>
      {STRIPS.map((strip, index) => (
        <figure key={strip.title} className="call-quality__strip">
          <figcaption>
            {strip.curves.length === 1 ? (
              <span>{t(`quality.${strip.title}`)}</span>
            ) : (
              strip.curves.map((curve) => (
                <span key={curve.of} className="call-quality__key">
                  <svg width="22" height="8" aria-hidden>
                    <line x1="0" y1="4" x2="22" y2="4" stroke={colour(curve.tone)} strokeWidth="2" strokeDasharray={curve.dash} />
                  </svg>
                  {t(`quality.${NAMES[curve.of]}`)}, {UNITS[curve.of]}
                </span>
              ))
            )}
          </figcaption>
          <ResponsiveContainer width="100%" height={strip.height}>
            <LineChart data={person.samples} syncId={person.key} margin={{ top: 6, right: 12, bottom: 0, left: 0 }} accessibilityLayer={false}>
              <CartesianGrid stroke="var(--color-line)" vertical={false} />
              {strip.domain && <ReferenceArea y1={1} y2={3} fill="var(--color-danger-soft)" fillOpacity={0.6} />}
              <XAxis
                dataKey="at"
                type="number"
                scale="time"
                domain={['dataMin', 'dataMax']}
                tickFormatter={(at: number) => time.format(at)}
                tick={index === STRIPS.length - 1 ? { fontSize: 11, fill: 'var(--color-text-soft)' } : false}
                height={index === STRIPS.length - 1 ? 24 : 4}
                stroke="var(--color-line-strong)"
                minTickGap={48}
              />
              <YAxis
                width={44}
                domain={strip.domain ?? [0, (most: number) => Math.max(strip.least ?? 0, Math.ceil(most))]}
                tickCount={strip.domain ? 5 : 3}
                tick={{ fontSize: 11, fill: 'var(--color-text-soft)' }}
                stroke="var(--color-line-strong)"
              />
              {person.happenings.map((one) => (
                <ReferenceLine key={`${one.at} ${one.kind}`} x={one.at} stroke="var(--color-line-strong)" strokeDasharray="2 3" ifOverflow="extendDomain" />
              ))}
              <Tooltip
                isAnimationActive={false}
                labelFormatter={(at) => time.format(Number(at))}
                formatter={(value, of) => [unit(String(of), Number(value)), t(`quality.${NAMES[String(of) as Measured]}`)]}
                contentStyle={{ background: 'var(--color-raised)', border: '1px solid var(--color-line)', borderRadius: 8, fontSize: 12, color: 'var(--color-text)' }}
                itemStyle={{ color: 'var(--color-text)' }}
              />
              {strip.curves.map((curve) => (
                <Line
                  key={curve.of}
                  dataKey={curve.of}
                  type="stepAfter"
                  stroke={colour(curve.tone)}
                  strokeWidth={2}
                  {...(curve.dash ? { strokeDasharray: curve.dash } : {})}
                  dot={person.samples.length < 2}
                  connectNulls={false}
                  isAnimationActive={false}
                />
              ))}
            </LineChart>
          </ResponsiveContainer>
        </figure>
      ))}
      <ol className="call-quality__moments">
        {person.happenings.map((one) => (
          <li key={`${one.at} ${one.kind}`}>
            <span>{time.format(one.at)}</span> {happeningText(t, one.kind)}
          </li>
        ))}
      </ol>
    </div>
  );
}
