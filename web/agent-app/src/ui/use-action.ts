// An action of a person that asks the server: one at a time, its failure as a toast.
import { useCallback, useRef, useState } from 'react';
import { explain } from '@upcall/shared/api/errors';
import { useTexts } from '../i18n/texts';
import { showToast } from './toasts';

export function useAction<A extends unknown[]>(action: (...args: A) => Promise<unknown>): [run: (...args: A) => void, busy: boolean] {
  const { t } = useTexts();
  const [busy, setBusy] = useState(false);
  const running = useRef(false);
  const run = useCallback(
    (...args: A) => {
      if (running.current) return;
      running.current = true;
      setBusy(true);
      action(...args)
        .catch((error: unknown) => showToast('error', t(`errors.${explain(error).text}`)))
        .finally(() => {
          running.current = false;
          setBusy(false);
        });
    },
    [action, t],
  );
  return [run, busy];
}
