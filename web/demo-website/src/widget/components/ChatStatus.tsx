// One line under the title: who is there, or how long it takes. Read out when it changes.
import type { ChatState } from '@upcall/shared/participant/types';
import type { JSX } from 'preact';
import { useT, type Translate } from '../i18n';

function words(t: Translate, chat: ChatState): string {
  if (chat.connection === 'connecting') return t('chat.connecting');
  if (chat.connection === 'ended' || chat.connection === 'expired') return t('chat.ended');
  if (chat.agent !== null) return t('chat.withAgent', { name: chat.agent });
  return t('chat.waiting');
}

export function ChatStatus({ chat }: { chat: ChatState }): JSX.Element {
  const t = useT();
  return (
    <p class="panel__status" role="status">
      {words(t, chat)}
    </p>
  );
}
