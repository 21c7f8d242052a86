// Tells customers what of theirs has come to this agent, and what is before their eyes.
import { ReceiptSender } from '@upcall/shared/participant/receipts';
import { agentApi } from '../api/agent';
import { useCentre } from './store';

const senders = new Map<string, ReceiptSender>();

function senderOf(contactId: string): ReceiptSender {
  let sender = senders.get(contactId);
  if (!sender) {
    sender = new ReceiptSender((contentType, messageId) => agentApi.sendEvent(contactId, contentType, { messageId }));
    senders.set(contactId, sender);
  }
  return sender;
}

function tellAll(): void {
  const { contacts, chats, watched } = useCentre.getState();
  for (const { contactId, state, participants } of contacts) {
    if (state !== 'connected') continue;
    const newest = chats[contactId]?.items.findLast((item) => item.Type === 'MESSAGE' && item.ParticipantRole === 'CUSTOMER');
    const own = participants?.findLast(({ you }) => you)?.participantId;
    senderOf(contactId).tell(newest, watched === contactId && document.visibilityState === 'visible', own);
  }
}

export function startReceipts(): () => void {
  const stop = useCentre.subscribe(tellAll);
  document.addEventListener('visibilitychange', tellAll);
  return () => {
    stop();
    document.removeEventListener('visibilitychange', tellAll);
    senders.clear();
  };
}
