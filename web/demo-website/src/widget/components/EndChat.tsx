// Ending is for both sides and cannot be taken back, so it is asked once more.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { useT } from '../i18n';

interface Props {
  inCall: boolean;
  onEnd(): Promise<void>;
}

export function EndChat({ inCall, onEnd }: Props): JSX.Element {
  const t = useT();
  const dialog = useRef<HTMLDialogElement>(null);
  const [failed, setFailed] = useState(false);

  const end = async () => {
    setFailed(false);
    try {
      await onEnd();
      dialog.current?.close();
    } catch {
      setFailed(true);
    }
  };

  return (
    <>
      <button type="button" class="quiet-button" onClick={() => dialog.current?.showModal()}>
        {t('chat.end')}
      </button>
      <dialog ref={dialog} class="dialog" aria-labelledby="upcall-end-title" onKeyDown={(event) => event.key === 'Escape' && event.stopPropagation()}>
        <h3 id="upcall-end-title" class="dialog__title">
          {t('confirmEnd.title')}
        </h3>
        <p>{t(inCall ? 'confirmEnd.textInCall' : 'confirmEnd.text')}</p>
        <p class="field__error" role="alert">
          {failed && t('confirmEnd.failed')}
        </p>
        <div class="dialog__actions">
          <button type="button" class="button button--plain" onClick={() => dialog.current?.close()}>
            {t('confirmEnd.no')}
          </button>
          <button type="button" class="button button--danger" onClick={() => void end()}>
            {t('confirmEnd.yes')}
          </button>
        </div>
      </dialog>
    </>
  );
}
