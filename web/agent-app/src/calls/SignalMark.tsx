import { SignalHigh, SignalLow, SignalZero } from 'lucide-react';
import type { Signal } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';

const ICONS = [SignalZero, SignalLow, SignalHigh] as const;
const WORDS = ['none', 'weak', 'good'] as const;

/** How good somebody's connection is; the words are seen too where there is room for them. */
export function SignalMark({ signal, words = false }: { signal: Signal; words?: boolean }) {
  const { t } = useTexts();
  const Icon = ICONS[signal];
  const text = t(`call.signal.${WORDS[signal]}`);
  return (
    <span className={`signal signal--${WORDS[signal]}`} title={words ? undefined : text}>
      <Icon size={16} aria-hidden />
      <span className={words ? undefined : 'visually-hidden'}>{text}</span>
    </span>
  );
}
