import { Video } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { agentApi } from '../api/agent';
import { type Chat, EMPTY_CHAT, TYPING_MS } from '../centre/reducer';
import { useCentre } from '../centre/store';
import { type ChatItem, type Contact, EVENT } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Notice } from '../ui/Notice';
import { useAction } from '../ui/use-action';
import { timeOf } from './time';

/** Near enough to the end that a new message should scroll into view. */
const NEAR_PX = 80;

export function Transcript({ contactId }: { contactId: string }) {
  const { t } = useTexts();
  const chat = useCentre((centre) => centre.chats[contactId]) ?? EMPTY_CHAT;
  const loadChat = useCentre((centre) => centre.loadChat);
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const typing = useTyping(chat);

  useEffect(() => {
    if (!chat.loaded && !chat.failed) loadChat(contactId).catch(() => undefined); // shown below by `failed`
  }, [chat.loaded, chat.failed, contactId, loadChat]);

  useEffect(() => {
    const element = list.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  });

  const onScroll = () => {
    const element = list.current;
    if (element) atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
  };

  return (
    <div className="transcript" ref={list} onScroll={onScroll} tabIndex={0} role="log" aria-label={t('chat.transcript')}>
      {chat.failed && (
        <Notice
          kind="error"
          action={<Button onPress={() => loadChat(contactId).catch(() => undefined)}>{t('common.retry')}</Button>}
        >
          {t('chat.notLoaded')}
        </Notice>
      )}
      {chat.items.map((item, index) => (
        <Item key={item.Id} contactId={contactId} item={item} previous={chat.items[index - 1]} />
      ))}
      {chat.pending.map((message) => (
        <PendingMessage key={message.clientToken} contactId={contactId} {...message} />
      ))}
      {typing && (
        <p className="transcript__typing">
          <span className="dots" aria-hidden>
            <i />
            <i />
            <i />
          </span>
          {t('chat.typing')}
        </p>
      )}
    </div>
  );
}

function useTyping(chat: Chat): boolean {
  const [, tick] = useState(0);
  const left = chat.typingAt + TYPING_MS - Date.now();
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => tick((n) => n + 1), left);
    return () => clearTimeout(timer);
  }, [left]);
  return left > 0;
}

/** The address is made for this moment; the file comes as a download and never as a page. */
async function open(contactId: string, attachmentId: string): Promise<void> {
  const { url } = await agentApi.attachment(contactId, attachmentId);
  globalThis.location.assign(url);
}

/** A colleague who had the contact before is an agent too. */
function isOwn(contact: Contact | undefined, item: ChatItem): boolean {
  if (item.ParticipantRole !== 'AGENT') return false;
  const sender = contact?.participants?.find(({ participantId }) => participantId === item.ParticipantId);
  return sender === undefined || sender.you === true;
}

function Item({ contactId, item, previous }: { contactId: string; item: ChatItem; previous: ChatItem | undefined }) {
  const { t, language } = useTexts();
  const contact = useCentre(({ contacts }) => contacts.find((one) => one.contactId === contactId));
  const [save] = useAction(open);
  const time = timeOf(item.AbsoluteTime, language);
  if (item.Type === 'EVENT') {
    const name = item.DisplayName || t('contact.unnamed');
    const text =
      item.ContentType === EVENT.joined
        ? t('chat.joined', { name })
        : item.ContentType === EVENT.left
          ? t('chat.left', { name })
          : item.ContentType === EVENT.ended
            ? t('chat.ended')
            : item.ContentType === EVENT.transferFailed
              ? t('chat.transferFailed')
              : item.ContentType === EVENT.idle
                ? t('chat.idle', { name })
              : item.ContentType === EVENT.autoDisconnection
                ? t('chat.autoDisconnection', { name })
            : item.ContentType === EVENT.invitation
              ? t('chat.invited')
              : item.ContentType === EVENT.invitationAcknowledged
                ? t('chat.invitationSeen')
                : undefined;
    if (!text) return null;
    return (
      <p className="transcript__event">
        {item.ContentType === EVENT.invitation && <Video size={14} aria-hidden />}
        <span>{text}</span> <time dateTime={item.AbsoluteTime}>{time}</time>
      </p>
    );
  }
  const own = isOwn(contact, item);
  const isSystem = item.ParticipantRole === 'SYSTEM' || item.ParticipantRole === 'CUSTOM_BOT';
  const side = own ? 'own' : isSystem ? 'system' : 'other';
  const sender = own ? t('chat.you') : isSystem ? t('chat.system') : item.DisplayName || t('contact.unnamed');
  const follows = previous?.Type === 'MESSAGE' && previous.ParticipantRole === item.ParticipantRole && previous.ParticipantId === item.ParticipantId;
  const file = item.Attachments?.[0];
  return (
    <div className={`message message--${side}${follows ? ' message--follows' : ''}`}>
      <p className="message__head">
        <span dir="auto">{sender}</span> <time dateTime={item.AbsoluteTime}>{time}</time>
      </p>
      {file ? (
        <p className="message__text">
          <span dir="auto">{file.AttachmentName}</span>{' '}
          {file.Status === 'APPROVED' ? (
            <Button kind="quiet" onPress={() => save(contactId, file.AttachmentId)}>
              {t('chat.saveFile')}
            </Button>
          ) : (
            <small>{t(file.Status === 'REJECTED' ? 'chat.fileRejected' : 'chat.fileScanned')}</small>
          )}
        </p>
      ) : (
        <p className="message__text" dir="auto">
          {item.Content}
        </p>
      )}
    </div>
  );
}

interface PendingProps {
  contactId: string;
  clientToken: string;
  content: string;
  state: 'sending' | 'failed';
}

function PendingMessage({ contactId, clientToken, content, state }: PendingProps) {
  const { t } = useTexts();
  const resend = useCentre((centre) => centre.resend);
  const discard = useCentre((centre) => centre.discard);
  return (
    <div className={`message message--own message--${state}`}>
      <p className="message__text" dir="auto">
        {content}
      </p>
      {state === 'sending' ? (
        <p className="message__state">{t('chat.sending')}</p>
      ) : (
        <p className="message__state" role="alert">
          {t('chat.notSent')}{' '}
          <Button kind="quiet" onPress={() => resend(contactId, clientToken).catch(() => undefined)}>
            {t('chat.sendAgain')}
          </Button>
          <Button kind="quiet" onPress={() => discard(contactId, clientToken)}>
            {t('chat.discard')}
          </Button>
        </p>
      )}
    </div>
  );
}
