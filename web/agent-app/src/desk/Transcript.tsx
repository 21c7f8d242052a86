import { useEffect, useState } from 'react';
import { type Chat, EMPTY_CHAT, TYPING_MS } from '../centre/reducer';
import { useCentre } from '../centre/store';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Notice } from '../ui/Notice';
import { PendingMessage, TranscriptView } from './TranscriptView';

/** The chat of one of the agent's own contacts. */
export function Transcript({ contactId }: { contactId: string }) {
  const { t } = useTexts();
  const chat = useCentre((centre) => centre.chats[contactId]) ?? EMPTY_CHAT;
  const loadChat = useCentre((centre) => centre.loadChat);
  const resend = useCentre((centre) => centre.resend);
  const discard = useCentre((centre) => centre.discard);
  const typing = useTyping(chat);

  useEffect(() => {
    if (!chat.loaded && !chat.failed) loadChat(contactId).catch(() => undefined); // shown below by `failed`
  }, [chat.loaded, chat.failed, contactId, loadChat]);

  return (
    <TranscriptView
      items={chat.items}
      typing={typing ? t('chat.typing') : undefined}
      before={
        chat.failed && (
          <Notice kind="error" action={<Button onPress={() => loadChat(contactId).catch(() => undefined)}>{t('common.retry')}</Button>}>
            {t('chat.notLoaded')}
          </Notice>
        )
      }
      pending={chat.pending.map(({ clientToken, content, state }) => (
        <PendingMessage
          key={clientToken}
          content={content}
          failed={state === 'failed'}
          onSendAgain={() => resend(contactId, clientToken).catch(() => undefined)}
          onDiscard={() => discard(contactId, clientToken)}
        />
      ))}
    />
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
