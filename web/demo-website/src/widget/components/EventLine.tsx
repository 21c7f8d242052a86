import { ContentType, type ChatItem } from '@upcall/shared/participant/types';
import type { JSX } from 'preact';
import { useT, type Translate } from '../i18n';

function words(t: Translate, item: ChatItem, own: boolean): string | null {
  const name = item.DisplayName ?? '';
  switch (item.ContentType) {
    case ContentType.joined: return t('chat.joined', { name });
    case ContentType.left: return t('chat.left', { name });
    case ContentType.ended: return t('chat.ended');
    case ContentType.idle: return own ? t('chat.idleYou') : t('chat.idle', { name });
    case ContentType.autoDisconnection: return own ? t('chat.timedOutYou') : t('chat.timedOut', { name });
    case ContentType.invitation: return t('chat.invited', { name });
    default: return null;
  }
}

/** What happened in the chat, as one quiet line. Events without words for people are not shown. */
export function EventLine({ item, ownId }: { item: ChatItem; ownId: string }): JSX.Element | null {
  const text = words(useT(), item, item.ParticipantId === ownId);
  return text === null ? null : (
    <li class="event">
      {text}
    </li>
  );
}
