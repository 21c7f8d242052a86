import { useEffect, useRef } from 'react';
import { useTexts } from '../i18n/texts';
import { showToast } from '../ui/toasts';
import { Hints } from './hints';
import type { PersonQuality } from './types';
import { useReasonText } from './words';

/** Tells by a word at the page's edge when somebody's call has been bad for a while. `nameOf`: undefined for oneself. */
export function useQualityHints(people: readonly PersonQuality[] | undefined, nameOf: (attendeeId: string) => string | undefined): void {
  const { t } = useTexts();
  const reasonText = useReasonText();
  const hints = useRef(new Hints());
  const latest = useRef({ people, nameOf, reasonText, t });
  latest.current = { people, nameOf, reasonText, t };
  useEffect(() => {
    // What does not change is told every ten seconds only: the time is looked at here.
    const timer = setInterval(() => {
      const now = latest.current;
      for (const { attendeeId, reason } of hints.current.step(now.people ?? [], Date.now())) {
        const why = now.reasonText(reason);
        const name = now.nameOf(attendeeId);
        const hint = name === undefined ? now.t('quality.hintYou') : now.t('quality.hint', { name });
        showToast('warning', why ? `${hint} ${why}` : hint, `quality:${attendeeId}`);
      }
    }, 1000);
    return () => clearInterval(timer);
  }, []);
}
