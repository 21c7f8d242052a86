// A conversation as a list: what was said and sent, what happened, what is on its way. Stays at the end while one reads there.
import { Check, CheckCheck, Video } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import type { Translate } from '@upcall/shared/i18n/texts';
import { type ReceiptState, receiptStates } from '@upcall/shared/participant/receipts';
import { type ChatItem, EVENT } from '../centre/types';
import { type TextKey, useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { useChatWindow } from './chat-window';
import { FileCard } from './FileCard';
import { timeOf } from './time';
import { UploadList } from './UploadList';

/** Near enough to the end that a new message should scroll into view. */
const NEAR_PX = 80;

interface TranscriptViewProps {
  items: readonly ChatItem[];
  /** Above the first item. */
  before?: ReactNode;
  /** Own messages that are not there yet. */
  pending?: ReactNode;
  /** Who writes, as a sentence. */
  typing?: string | undefined;
}

const isSaid = (item: ChatItem): boolean => item.Type === 'MESSAGE' || item.Type === 'ATTACHMENT';

export function TranscriptView({ items, before, pending, typing }: TranscriptViewProps) {
  const { t } = useTexts();
  const { isOwn } = useChatWindow();
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    const element = list.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  });

  const onScroll = () => {
    const element = list.current;
    if (element) atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
  };

  const own = (item: ChatItem): boolean => isSaid(item) && isOwn(item);
  const states = receiptStates(items, own);
  /** Only where it changes from one own message to the next: below it nothing has come so far. */
  const receiptOf = (item: ChatItem, at: number): ReceiptState | undefined => {
    const later = items.slice(at + 1).find(own);
    const state = states.get(item.Id);
    return later && states.get(later.Id) === state ? undefined : state;
  };
  return (
    <div className="transcript" ref={list} onScroll={onScroll} tabIndex={0} role="log" aria-label={t('chat.transcript')}>
      {before}
      {items.map((item, index) =>
        isSaid(item) ? (
          <Said key={item.Id} item={item} previous={items[index - 1]} receipt={receiptOf(item, index)} />
        ) : (
          <Happened key={item.Id} item={item} />
        ),
      )}
      {pending}
      <UploadList />
      {typing && (
        <p className="transcript__typing">
          <span className="dots" aria-hidden>
            <i />
            <i />
            <i />
          </span>
          {typing}
        </p>
      )}
    </div>
  );
}

function words(t: Translate<TextKey>, item: ChatItem): string | undefined {
  const name = item.DisplayName || t('contact.unnamed');
  switch (item.ContentType) {
    case EVENT.joined: return t(item.ParticipantRole === 'SUPERVISOR' ? 'chat.supervisorJoined' : 'chat.joined', { name });
    case EVENT.left: return t('chat.left', { name });
    case EVENT.ended: return t('chat.ended');
    case EVENT.transferFailed: return t('chat.transferFailed');
    case EVENT.idle: return t('chat.idle', { name });
    case EVENT.autoDisconnection: return t('chat.autoDisconnection', { name });
    case EVENT.invitation: return t('chat.invited');
    case EVENT.invitationAcknowledged: return t('chat.invitationSeen');
    default: return undefined;
  }
}

function Happened({ item }: { item: ChatItem }) {
  const { t, language } = useTexts();
  const text = words(t, item);
  if (!text) return null;
  return (
    <p className="transcript__event">
      {item.ContentType === EVENT.invitation && <Video size={14} aria-hidden />}
      <span>{text}</span> <time dateTime={item.AbsoluteTime}>{timeOf(item.AbsoluteTime, language)}</time>
    </p>
  );
}

interface SaidProps {
  item: ChatItem;
  previous: ChatItem | undefined;
  receipt: ReceiptState | undefined;
}

function Said({ item, previous, receipt }: SaidProps) {
  const { t, language } = useTexts();
  const { isOwn } = useChatWindow();
  const own = isOwn(item);
  const isSystem = item.ParticipantRole === 'SYSTEM' || item.ParticipantRole === 'CUSTOM_BOT';
  const side = own ? 'own' : isSystem ? 'system' : 'other';
  const sender = own ? t('chat.you') : isSystem ? t('chat.system') : item.DisplayName || t('contact.unnamed');
  const follows = previous !== undefined && isSaid(previous) && previous.ParticipantRole === item.ParticipantRole && previous.ParticipantId === item.ParticipantId;
  return (
    <div className={`message message--${side}${follows ? ' message--follows' : ''}`}>
      <p className="message__head">
        <span dir="auto">{sender}</span> <time dateTime={item.AbsoluteTime}>{timeOf(item.AbsoluteTime, language)}</time>
      </p>
      {item.Attachments ? (
        item.Attachments.map((file) => <FileCard key={file.AttachmentId} file={file} />)
      ) : (
        <p className="message__text" dir="auto">
          {item.Content}
        </p>
      )}
      {receipt && (
        <p className="message__receipt">
          {receipt === 'sent' ? <Check size={14} aria-hidden /> : <CheckCheck size={14} aria-hidden />}
          {t(`receipt.${receipt}`)}
        </p>
      )}
    </div>
  );
}

interface PendingProps {
  content: string;
  failed: boolean;
  onSendAgain: () => void;
  onDiscard?: (() => void) | undefined;
}

export function PendingMessage({ content, failed, onSendAgain, onDiscard }: PendingProps) {
  const { t } = useTexts();
  return (
    <div className={`message message--own message--${failed ? 'failed' : 'sending'}`}>
      <p className="message__text" dir="auto">
        {content}
      </p>
      {failed ? (
        <p className="message__state" role="alert">
          {t('chat.notSent')}{' '}
          <Button kind="quiet" onPress={onSendAgain}>
            {t('chat.sendAgain')}
          </Button>
          {onDiscard && (
            <Button kind="quiet" onPress={onDiscard}>
              {t('chat.discard')}
            </Button>
          )}
        </p>
      ) : (
        <p className="message__state">{t('chat.sending')}</p>
      )}
    </div>
  );
}
