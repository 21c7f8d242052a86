// The conversation as it is known, newest at the bottom. Stays at the bottom while somebody reads there.
import { type ReceiptState, receiptStates } from '@upcall/shared/participant/receipts';
import { ContentType, type ChatItem, type ChatState } from '@upcall/shared/participant/types';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useT } from '../i18n';
import { EventLine } from './EventLine';
import { Message } from './Message';
import { PendingLine } from './PendingLine';
import { TypingLine } from './TypingLine';
import { UploadLine } from './UploadLine';

interface Props {
  chat: ChatState;
  ownId: string;
  onOlder(): void;
  onRetry(clientToken: string): void;
  onAddress(attachmentId: string): Promise<string>;
  maxFileBytes: number;
  onRetryFile(id: string): void;
  onDropFile(id: string): void;
}

const NEAR_PX = 80;
/** So near to the oldest known message that the ones before it are wanted. */
const TOP_PX = 40;

/** Words or files: what stands in a bubble with its sender. */
function isSaid(item: ChatItem): boolean {
  return item.Type === 'MESSAGE' || item.Type === 'ATTACHMENT';
}

/** Where a state changes from one own message to the next; below it nothing has come so far. */
function receiptOf(item: ChatItem, states: ReadonlyMap<string, ReceiptState>, later: ChatItem | undefined): ReceiptState | undefined {
  const state = states.get(item.Id);
  return later && states.get(later.Id) === state ? undefined : state;
}

function isFirstOfRun(item: ChatItem, before: ChatItem | undefined): boolean {
  return !before || !isSaid(before) || before.ParticipantId !== item.ParticipantId || before.ParticipantRole !== item.ParticipantRole;
}

export function Transcript({ chat, ownId, onOlder, onRetry, onAddress, maxFileBytes, onRetryFile, onDropFile }: Props): JSX.Element {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const bottom = useRef(true);
  const height = useRef(0);
  const first = chat.items[0]?.Id;
  const knownFirst = useRef(first);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // Older messages above must not move what is being read.
    if (knownFirst.current !== first && !bottom.current) element.scrollTop += element.scrollHeight - height.current;
    else if (bottom.current) element.scrollTop = element.scrollHeight;
    knownFirst.current = first;
    height.current = element.scrollHeight;
  });

  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    bottom.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    if (chat.hasOlder && !chat.loadingOlder && !bottom.current && element.scrollTop < TOP_PX) onOlder();
  };

  const isOwn = (item: ChatItem) => isSaid(item) && item.ParticipantId === ownId;
  const states = receiptStates(chat.items, isOwn);

  return (
    <div ref={box} class="transcript" onScroll={onScroll} tabIndex={0} role="region" aria-label={t('chat.transcript')}>
      {chat.hasOlder && (
        <button type="button" class="button button--plain button--small transcript__older" aria-disabled={chat.loadingOlder} onClick={onOlder}>
          {chat.loadingOlder ? t('chat.olderLoading') : t('chat.older')}
        </button>
      )}
      <div role="log" aria-live="polite" aria-relevant="additions">
        <ol class="transcript__list">
          {chat.items.map((item, i) =>
            isSaid(item) ? (
              <Message
                key={item.Id}
                item={item}
                own={item.ParticipantId === ownId}
                first={isFirstOfRun(item, chat.items[i - 1])}
                receipt={receiptOf(item, states, chat.items.slice(i + 1).find(isOwn))}
                onAddress={onAddress}
              />
            ) : item.ContentType === ContentType.joined && item.ParticipantId === ownId ? null : (
              <EventLine key={item.Id} item={item} ownId={ownId} />
            ),
          )}
          {chat.pending.map((message) => (
            <PendingLine key={message.clientToken} message={message} onRetry={() => onRetry(message.clientToken)} />
          ))}
          {chat.uploads.map((upload) => (
            <UploadLine key={upload.id} upload={upload} maxBytes={maxFileBytes} onRetry={() => onRetryFile(upload.id)} onDrop={() => onDropFile(upload.id)} />
          ))}
        </ol>
      </div>
      <TypingLine name={chat.typing} />
    </div>
  );
}
