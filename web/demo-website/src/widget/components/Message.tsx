import { localeOf } from '@upcall/shared/i18n/locale';
import type { ChatItem } from '@upcall/shared/participant/types';
import type { ReceiptState } from '@upcall/shared/participant/receipts';
import { Check, CheckCheck } from 'lucide';
import type { JSX } from 'preact';
import { useLanguageTag, useT } from '../i18n';
import { FileCard } from './FileCard';
import { Icon } from './Icon';

interface Props {
  item: ChatItem;
  own: boolean;
  /** The first of several by the same person: it carries the name. */
  first: boolean;
  /** Of an own one, when it is the last to have come so far. */
  receipt?: ReceiptState | undefined;
  onAddress(attachmentId: string): Promise<string>;
}

export function Message({ item, own, first, receipt, onAddress }: Props): JSX.Element {
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
      {item.Attachments ? (
        item.Attachments.map((file) => <FileCard key={file.AttachmentId} file={file} onAddress={onAddress} />)
      ) : (
        <p class="message__text" dir="auto">
          {item.Content}
        </p>
      )}
      {receipt && (
        <p class="message__receipt">
          <Icon node={receipt === 'sent' ? Check : CheckCheck} size={14} />
          {t(`receipt.${receipt}`)}
        </p>
      )}
    </li>
  );
}
