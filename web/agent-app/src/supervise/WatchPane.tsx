import { Eye, LogOut, MessageSquarePlus, X } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import type { ParticipantClient } from '@upcall/shared/participant/client';
import { readConfig } from '@upcall/shared/frontend-config';
import type { ChatState } from '@upcall/shared/participant/types';
import type { LiveContact } from '../api/supervisor';
import type { ChatItem } from '../centre/types';
import { type ChatWindow, ChatWindowProvider } from '../desk/chat-window';
import { Composer } from '../desk/Composer';
import { DropArea } from '../desk/DropArea';
import { PendingMessage, TranscriptView } from '../desk/TranscriptView';
import { useTexts } from '../i18n/texts';
import { Button, IconButton } from '../ui/Button';
import { ErrorNotice, Notice } from '../ui/Notice';
import { Waiting } from '../ui/Screen';
import { useAction } from '../ui/use-action';
import { LiveQuality } from './LiveQuality';
import { useWatch } from './use-watch';
import '../desk/chat.css';
import '../desk/files.css';

interface WatchPaneProps {
  contactId: string;
  /** As the list has it; undefined when it is not in it any more. */
  contact: LiveContact | undefined;
  onClose: () => void;
}

/** A chat from near: unseen, or in it. Which of the two stands above it all the time. */
export function WatchPane({ contactId, contact, onClose }: WatchPaneProps) {
  const { t } = useTexts();
  const watch = useWatch(contactId);
  const { chat, client, ownId, inside, error } = watch;
  const [stepIn, steppingIn] = useAction(watch.stepIn);
  const [stepOut, steppingOut] = useAction(useCallback(() => watch.leave(true), [watch.leave]));
  const name = contact?.customer || t('contact.unnamed');
  const over = chat?.connection === 'ended' || chat?.connection === 'expired';
  const chatWindow = useMemo(() => windowOf(client, chat, ownId, inside), [client, chat, ownId, inside]);
  return (
    <ChatWindowProvider value={chatWindow}>
      <DropArea className="chat supervise__watch" label={t('chat.with', { name })}>
        <header className="chat__head">
          <div className="chat__who">
            <h2 dir="auto">{name}</h2>
            <p className="soft" dir="auto">
              {contact?.agent ? t('supervise.with', { name: contact.agent.name }) : contact && t(`supervise.states.${contact.state}`)}
            </p>
          </div>
          {chat && !over && (inside ? (
            <Button key="out" icon={LogOut} busy={steppingOut} onPress={() => stepOut()}>
              {t('supervise.stepOut')}
            </Button>
          ) : (
            <Button key="in" kind="primary" icon={MessageSquarePlus} busy={steppingIn} onPress={() => stepIn()}>
              {t('supervise.stepIn')}
            </Button>
          ))}
          <IconButton label={t('supervise.close')} icon={X} onPress={onClose} />
        </header>
        {chat && !over && (
          <p className={`supervise__mark${inside ? ' supervise__mark--inside' : ''}`} role="status">
            {inside ? <MessageSquarePlus size={16} aria-hidden /> : <Eye size={16} aria-hidden />}
            {t(inside ? 'supervise.youAreIn' : 'supervise.youAreUnseen')}
          </p>
        )}
        {chat && !over && <LiveQuality contactId={contactId} />}
        {chat?.connection === 'offline' && <Notice kind="warning">{t('shell.offline')}</Notice>}
        {error !== undefined ? (
          <ErrorNotice error={error} onRetry={watch.again} />
        ) : chat ? (
          <TranscriptView
            items={chat.items as readonly ChatItem[]}
            typing={chat.typing === null ? undefined : t('supervise.typing', { name: chat.typing || t('contact.unnamed') })}
            pending={chat.pending.map(({ clientToken, text, status }) => (
              <PendingMessage key={clientToken} content={text} failed={status === 'failed'} onSendAgain={() => client?.retry(clientToken)} />
            ))}
          />
        ) : (
          <Waiting label={t('common.loading')} />
        )}
        {over && <p className="chat__over">{t('supervise.over')}</p>}
        {inside && !over && <Composer contactId={`watch:${contactId}`} onSend={(content) => client?.send(content)} onTyping={() => client?.typing()} />}
      </DropArea>
    </ChatWindowProvider>
  );
}

function windowOf(client: ParticipantClient | undefined, chat: ChatState | undefined, ownId: string, inside: boolean): ChatWindow {
  const { files: limits } = readConfig();
  return {
    isOwn: (item) => item.ParticipantId === ownId && ownId !== '',
    fileAddress: (attachmentId) => client?.fileAddress(attachmentId) ?? Promise.reject(new Error('not watching')),
    ...(inside && client && limits.maxBytes > 0
      ? {
          files: {
            limits,
            uploads: chat?.uploads ?? [],
            send: (files: File[]) => client.sendFiles(files),
            retry: (id: string) => client.retryFile(id),
            drop: (id: string) => client.dropFile(id),
          },
        }
      : {}),
  };
}
