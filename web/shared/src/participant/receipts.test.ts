import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addReceipts, DELIVERED, READ, ReceiptSender, receiptStates } from './receipts';

const items = [{ Id: 'a' }, { Id: 'b' }, { Id: 'c' }];
const got = (id: string, of = 'x') => ({ MessageId: id, Receipts: [{ RecipientParticipantId: of, DeliveredTimestamp: '1' }] });
const read = (id: string, of = 'x') => ({ MessageId: id, Receipts: [{ RecipientParticipantId: of, ReadTimestamp: '2' }] });

describe('receipts', () => {
  it('of one message tell of those before it, and of none after it', () => {
    const list = addReceipts(addReceipts(items, got('c')), read('b'));
    expect([...receiptStates(list, () => true)]).toEqual([['c', 'delivered'], ['b', 'read'], ['a', 'read']]);
    expect([...receiptStates(items, ({ Id }) => Id === 'b')]).toEqual([['b', 'sent']]);
  });
  it('are kept by person, and a later word does not take back an earlier one', () => {
    const list = addReceipts(addReceipts(addReceipts(items, got('a')), read('a')), got('a', 'y'));
    expect(list[0]).toMatchObject({ MessageMetadata: { Receipts: [{ RecipientParticipantId: 'x', DeliveredTimestamp: '1', ReadTimestamp: '2' }, { RecipientParticipantId: 'y' }] } });
    expect(addReceipts(items, read('unknown'))).toBe(items);
    expect(addReceipts(items, undefined)).toBe(items);
  });
});

describe('telling them', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('happens once a message: that it came, that it was read', () => {
    const send = vi.fn(async () => undefined);
    const sender = new ReceiptSender(send);
    sender.tell(undefined, true, 'me');
    sender.tell({ Id: 'a' }, false, 'me');
    vi.advanceTimersByTime(1_000);
    for (const seen of [false, true, true, false]) sender.tell({ Id: 'a' }, seen, 'me');
    vi.advanceTimersByTime(10_000);
    expect(send.mock.calls).toEqual([[DELIVERED, 'a'], [READ, 'a']]);
  });
  it('of many messages at once is one, and then one of the last', () => {
    const send = vi.fn(async () => undefined);
    const sender = new ReceiptSender(send);
    for (let n = 0; n < 200; n += 1) sender.tell({ Id: `m${n}` }, true, 'me');
    expect(send.mock.calls).toEqual([[READ, 'm0']]);
    vi.advanceTimersByTime(10_000);
    expect(send.mock.calls).toEqual([[READ, 'm0'], [READ, 'm199']]);
  });
  it('is not done again for what was told before a reload', () => {
    const send = vi.fn(async () => undefined);
    new ReceiptSender(send).tell({ Id: 'a', MessageMetadata: read('a', 'me') }, true, 'me');
    expect(send).not.toHaveBeenCalled();
  });
  it('is tried again after a failure', async () => {
    const send = vi.fn(async () => Promise.reject(new Error('no')));
    const sender = new ReceiptSender(send);
    sender.tell({ Id: 'a' }, true, 'me');
    await vi.advanceTimersByTimeAsync(1_000);
    sender.tell({ Id: 'a' }, true, 'me');
    expect(send).toHaveBeenCalledTimes(2);
  });
});
