import { CircleCheck, CircleDashed, CircleMinus, CirclePause, CircleStop, CircleX, type LucideIcon, TimerOff } from 'lucide-react';
import type { RunState } from '../api/pipeline';
import { useTexts } from '../i18n/texts';

const ICONS: Record<Exclude<RunState, 'running'>, LucideIcon> = {
  waiting: CircleDashed,
  succeeded: CircleCheck,
  failed: CircleX,
  timedOut: TimerOff,
  stopped: CircleStop,
  interrupted: CirclePause,
  skipped: CircleMinus,
};

/** A sign and a word: colour alone says nothing. */
export function State({ state, word = true }: { state: RunState; word?: boolean }) {
  const { t } = useTexts();
  const Icon = state === 'running' ? undefined : ICONS[state];
  return (
    <span className={`run-state run-state--${state}`}>
      {Icon ? <Icon size={18} aria-hidden /> : <span className="spinner" aria-hidden />}
      <span className={word ? undefined : 'visually-hidden'}>{t(`pipeline.states.${state}`)}</span>
    </span>
  );
}
