import { SignalHigh, SignalLow, SignalZero } from 'lucide-react';
import type { Signal } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';

const ICONS = [SignalZero, SignalLow, SignalHigh] as const;
const WORDS = ['none', 'weak', 'good'] as const;

export function SignalMark({ signal }: { signal: Signal }) {
  const { t } = useTexts();
  const Icon = ICONS[signal];
  return (
    <span className={`signal signal--${WORDS[signal]}`} title={t(`call.signal.${WORDS[signal]}`)}>
      <Icon size={16} aria-hidden />
      <span className="visually-hidden">{t(`call.signal.${WORDS[signal]}`)}</span>
    </span>
  );
}
