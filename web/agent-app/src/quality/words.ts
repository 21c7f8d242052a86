import { useCallback } from 'react';
import { localeOf } from '@upcall/shared/i18n/locale';
import { useTexts } from '../i18n/texts';
import { isReason, type Reason } from './types';

/** A reason as people say it; one that this page does not know is not told. */
export function useReasonText(): (reason: Reason | undefined) => string | undefined {
  const { t, language } = useTexts();
  return useCallback(
    (reason) => {
      if (!reason || !isReason(reason.code)) return undefined;
      const value = new Intl.NumberFormat(localeOf(language), { maximumFractionDigits: reason.value < 10 ? 1 : 0 }).format(reason.value);
      return t(`quality.reason.${reason.code}`, { value });
    },
    [t, language],
  );
}

/** "4.6" in the page's language. */
export function useScoreText(): (score: number) => string {
  const { language } = useTexts();
  return useCallback(
    (score) => new Intl.NumberFormat(localeOf(language), { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(score),
    [language],
  );
}
