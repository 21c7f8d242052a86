import type { ChatState } from '@upcall/shared/participant/types';
import type { JSX } from 'preact';
import type { WidgetController } from '../controller';
import { useT } from '../i18n';
import { useStore } from '../store';
import { useDropArea, useFiles } from '../use-files';
import { Composer } from './Composer';
import { EndChat } from './EndChat';
import { InvitationCard } from './InvitationCard';
import { QueuePlaceCard } from './QueuePlaceCard';
import { Transcript } from './Transcript';

interface Props {
  controller: WidgetController;
  chat: ChatState;
  ownId: string;
}

export function Chat({ controller, chat, ownId }: Props): JSX.Element {
  const t = useT();
  const call = useStore(controller.call.store);
  const { client } = controller;
  const over = chat.connection === 'ended';
  const files = useFiles(controller);
  const send = (chosen: File[]) => client?.sendFiles(chosen);
  const drop = useDropArea(files !== null && !over, send);
  const invited = call.stage === 'invited' && !over;

  return (
    <div class={`chat${drop.over ? ' chat--drop' : ''}`} {...drop.handlers}>
      {drop.over && files && (
        <div class="chat__drop">
          <strong>{t('file.drop')}</strong>
          <span>{files.hint}</span>
        </div>
      )}
      <div role="alert">{invited && !call.later && <InvitationCard call={controller.call} />}</div>
      {invited && call.later && (
        <div class="strip">
          <span>{t('invitation.waiting')}</span>
          <button type="button" class="button button--small button--primary" onClick={() => controller.call.prepare()}>
            {t('invitation.join')}
          </button>
        </div>
      )}
      {chat.connection === 'offline' && (
        <p class="strip strip--warning" role="status">
          {t('chat.offline')}
        </p>
      )}
      <Transcript
        chat={chat}
        ownId={ownId}
        onOlder={() => client?.loadOlder().catch(() => undefined)}
        onRetry={(token) => client?.retry(token)}
        onAddress={(id) => client?.fileAddress(id) ?? Promise.reject(new Error('no chat'))}
        maxFileBytes={files?.limits.maxBytes ?? 0}
        onRetryFile={(id) => client?.retryFile(id)}
        onDropFile={(id) => client?.dropFile(id)}
      />
      <QueuePlaceCard place={over ? null : chat.queue} />
      {over ? (
        <div class="chat__over">
          <p>{t('chat.endedText')}</p>
          <button type="button" class="button button--primary" data-autofocus onClick={() => controller.startAgain()}>
            {t('chat.startAgain')}
          </button>
        </div>
      ) : (
        <div class="chat__foot">
          <Composer onSend={(text) => client?.send(text)} onTyping={() => client?.typing()} files={files} onFiles={send} />
          <EndChat inCall={call.stage === 'live' || call.stage === 'joining'} onEnd={() => controller.endChat()} />
        </div>
      )}
    </div>
  );
}
