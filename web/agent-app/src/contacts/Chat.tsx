import { Eye } from 'lucide-react';
import { useState } from 'react';
import { contactsApi } from '../api/contacts';
import { type ChatItem, EVENT } from '../centre/types';
import { timeOf } from '../desk/time';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { ErrorNotice } from '../ui/Notice';
import { useAction } from '../ui/use-action';
import '../desk/chat.css';

/** What was written, once somebody asks for it: reading it is put in the audit log. */
export function Chat({ contactId }: { contactId: string }) {
  const { t } = useTexts();
  const [items, setItems] = useState<ChatItem[]>();
  const [next, setNext] = useState<number>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const load = async (after: number) => {
    setBusy(true);
    setError(undefined);
    try {
      const page = await contactsApi.transcript(contactId, after);
      setItems((before) => [...(before ?? []), ...page.items]);
      setNext(page.next);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {!items && (
        <div className="contact__ask">
          <p className="soft">{t('search.audited')}</p>
          <Button icon={Eye} busy={busy} onPress={() => void load(0)}>
            {t('search.openTranscript')}
          </Button>
        </div>
      )}
      {items && (
        <div className="transcript contact__transcript" role="group" aria-label={t('chat.transcript')} tabIndex={0}>
          {items.length === 0 && <p className="transcript__event">{t('search.noMessages')}</p>}
          {items.map((item, index) => (
            <Item key={item.Id} contactId={contactId} item={item} previous={items[index - 1]} />
          ))}
        </div>
      )}
      {error !== undefined && <ErrorNotice error={error} onRetry={() => void load(next ?? 0)} />}
      {items && next !== undefined && error === undefined && (
        <Button busy={busy} onPress={() => void load(next)}>
          {t('search.moreMessages')}
        </Button>
      )}
      <p className="visually-hidden" role="status">
        {items ? t('search.messagesShown', { count: items.length }) : ''}
      </p>
    </>
  );
}

async function save(contactId: string, attachmentId: string): Promise<void> {
  const { url } = await contactsApi.attachment(contactId, attachmentId);
  globalThis.location.assign(url);
}

function eventText(item: ChatItem, t: ReturnType<typeof useTexts.getState>['t']): string | undefined {
  const name = item.DisplayName || t('contact.unnamed');
  switch (item.ContentType) {
    case EVENT.joined:
      return t('chat.joined', { name });
    case EVENT.left:
      return t('chat.left', { name });
    case EVENT.ended:
      return t('chat.ended');
    case EVENT.idle:
      return t('chat.idle', { name });
    case EVENT.transferFailed:
      return t('search.transferFailed');
    case EVENT.invitation:
      return t('chat.invited');
    default:
      return undefined;
  }
}

function Item({ contactId, item, previous }: { contactId: string; item: ChatItem; previous: ChatItem | undefined }) {
  const { t, language } = useTexts();
  const [saveFile] = useAction(save);
  const time = timeOf(item.AbsoluteTime, language);
  if (item.Type === 'EVENT') {
    const text = eventText(item, t);
    if (!text) return null;
    return (
      <p className="transcript__event">
        <span>{text}</span> <time dateTime={item.AbsoluteTime}>{time}</time>
      </p>
    );
  }
  const agent = item.ParticipantRole === 'AGENT';
  const side = agent ? 'own' : item.ParticipantRole === 'CUSTOMER' ? 'other' : 'system';
  const sender = item.ParticipantRole === 'SYSTEM' ? t('chat.system') : item.DisplayName || t('contact.unnamed');
  const follows = previous?.Type === 'MESSAGE' && previous.ParticipantRole === item.ParticipantRole && previous.DisplayName === item.DisplayName;
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
            <Button kind="quiet" onPress={() => saveFile(contactId, file.AttachmentId)}>
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
