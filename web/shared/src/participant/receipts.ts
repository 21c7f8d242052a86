// Who got or read a message, as items and the events beside them tell it.

export interface Receipt {
  RecipientParticipantId: string;
  DeliveredTimestamp?: string;
  ReadTimestamp?: string;
}

export interface MessageMetadata {
  MessageId: string;
  Receipts?: Receipt[];
}

interface WithMetadata {
  Id: string;
  MessageMetadata?: MessageMetadata;
}

export const DELIVERED = 'application/vnd.amazonaws.connect.event.message.delivered';
export const READ = 'application/vnd.amazonaws.connect.event.message.read';

export type ReceiptState = 'sent' | 'delivered' | 'read';

/** The list with what a MESSAGEMETADATA item has said; the same list when nothing is new. */
export function addReceipts<T extends WithMetadata>(items: readonly T[], metadata: MessageMetadata | undefined): readonly T[] {
  const at = items.findIndex((item) => item.Id === metadata?.MessageId);
  const item = items[at];
  if (!metadata?.Receipts || !item) return items;
  const receipts = [...(item.MessageMetadata?.Receipts ?? [])];
  for (const fresh of metadata.Receipts) {
    const known = receipts.findIndex((one) => one.RecipientParticipantId === fresh.RecipientParticipantId);
    if (known < 0) receipts.push(fresh);
    else receipts[known] = { ...receipts[known], ...fresh };
  }
  return items.with(at, { ...item, MessageMetadata: { MessageId: item.Id, Receipts: receipts } });
}

function stateOf(item: WithMetadata): ReceiptState {
  const receipts = item.MessageMetadata?.Receipts ?? [];
  if (receipts.some((one) => one.ReadTimestamp)) return 'read';
  return receipts.some((one) => one.DeliveredTimestamp) ? 'delivered' : 'sent';
}

const RANK: Readonly<Record<ReceiptState, number>> = { sent: 0, delivered: 1, read: 2 };

/** Of each message that `isOwn`: who has read a later one has read it too, so that one receipt tells of many. */
export function receiptStates<T extends WithMetadata>(items: readonly T[], isOwn: (item: T) => boolean): ReadonlyMap<string, ReceiptState> {
  const states = new Map<string, ReceiptState>();
  let best: ReceiptState = 'sent';
  for (const item of items.toReversed()) {
    if (!isOwn(item)) continue;
    const state = stateOf(item);
    if (RANK[state] > RANK[best]) best = state;
    states.set(item.Id, best);
  }
  return states;
}

/** One receipt tells of many messages, so there is no need for more. */
const REST_MS = 1_000;

/** `newest` has been received, or read: what is left to tell the server, once each, and not faster than it is worth. */
export class ReceiptSender {
  private delivered = '';
  private read = '';
  private waiting: { contentType: string; id: string } | undefined;
  private resting = false;

  constructor(private readonly send: (contentType: string, messageId: string) => Promise<unknown>) {}

  tell(newest: WithMetadata | undefined, seen: boolean, ownId: string | undefined): void {
    if (!newest) return;
    const own = newest.MessageMetadata?.Receipts?.find((one) => one.RecipientParticipantId === ownId);
    const { Id: id } = newest;
    if (seen) {
      if (this.read === id || own?.ReadTimestamp) return;
      this.read = this.delivered = id;
      this.waiting = { contentType: READ, id };
    } else {
      if (this.delivered === id || this.read === id || own) return;
      this.delivered = id;
      this.waiting = { contentType: DELIVERED, id };
    }
    this.next();
  }

  private next(): void {
    if (this.resting || !this.waiting) return;
    const { contentType, id } = this.waiting;
    this.waiting = undefined;
    this.resting = true;
    setTimeout(() => {
      this.resting = false;
      this.next();
    }, REST_MS);
    // A lost receipt is told again with the next look at the chat.
    this.send(contentType, id).catch(() => {
      if (this.read === id) this.read = '';
      if (this.delivered === id) this.delivered = '';
    });
  }
}
