import { localeOf } from '@upcall/shared/i18n/locale';
import type { ChatItem } from '@upcall/shared/participant/types';
import type { JSX } from 'preact';
import { useLanguageTag, useT } from '../i18n';

interface Props {
  item: ChatItem;
  own: boolean;
  /** The first of several by the same person: it carries the name. */
  first: boolean;
}

export function Message({ item, own, first }: Props): JSX.Element {
  const t = useT();
  const tag = useLanguageTag();
  const system = item.ParticipantRole === 'SYSTEM';
  const name = own ? t('chat.you') : system ? t('chat.system') : (item.DisplayName ?? '');
  const time = new Date(item.AbsoluteTime);
  const side = own ? 'message--own' : system ? 'message--system' : 'message--other';
  return (
    <li class={`message ${side}${first ? ' message--first' : ''}`}>
      <p class={first ? 'message__head' : 'visually-hidden'}>
        <bdi class="message__name">{name}</bdi>
        <time dateTime={item.AbsoluteTime}>{time.toLocaleTimeString(localeOf(tag), { hour: '2-digit', minute: '2-digit' })}</time>
      </p>
      <p class="message__text" dir="auto">
        {item.Content}
      </p>
    </li>
  );
}
