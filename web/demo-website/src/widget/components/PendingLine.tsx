import type { PendingMessage } from '@upcall/shared/participant/types';
import type { JSX } from 'preact';
import { useT } from '../i18n';

interface Props {
  message: PendingMessage;
  onRetry(): void;
}

/** A message of ours that is on its way, or did not get through. */
export function PendingLine({ message, onRetry }: Props): JSX.Element {
  const t = useT();
  const failed = message.status === 'failed';
  return (
    <li class="message message--own message--pending">
      <p class="message__text" dir="auto">
        {message.text}
      </p>
      <p class={`message__state${failed ? ' message__state--failed' : ''}`} role={failed ? 'alert' : undefined}>
        {failed ? t(message.failure === 'invalid' ? 'chat.failedInvalid' : 'chat.failed') : t('chat.sending')}
        {failed && message.failure !== 'invalid' && (
          <button type="button" class="link-button" onClick={onRetry}>
            {t('chat.retry')}
          </button>
        )}
      </p>
    </li>
  );
}
