import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/http';
import { type Upload, UploadFailure } from './files';
import { fileFailureOf, Uploads } from './uploads';
import { ChatFailure } from './types';

const limits = () => ({ maxBytes: 100, types: ['text/plain'] });
const file = (name: string, text = 'words', type = 'text/plain') => new File([text], name, { type });

function make(put = vi.fn(async () => undefined)) {
  let seen: readonly Upload[] = [];
  const transport = {
    start: vi.fn(async ({ name }: { name: string }) => ({ attachmentId: `id-${name}`, url: `/put/${name}` })),
    complete: vi.fn(async () => undefined),
  };
  const uploads = new Uploads(transport, limits, (list) => (seen = list), put as never);
  return { uploads, transport, put, seen: () => seen };
}

describe('uploads', () => {
  it('go one after another: announced, put, completed, and gone from the list', async () => {
    const at = make();
    at.uploads.add([file('a.txt'), file('b.txt')]);
    expect(at.seen()).toHaveLength(2);
    await vi.waitFor(() => expect(at.seen()).toHaveLength(0));
    expect(at.transport.start.mock.calls.map(([wanted]) => wanted)).toMatchObject([
      { name: 'a.txt', contentType: 'text/plain', sizeInBytes: 5 },
      { name: 'b.txt' },
    ]);
    expect(at.transport.complete.mock.calls).toEqual([['id-a.txt'], ['id-b.txt']]);
  });
  it('that nobody would take are told of and never announced', async () => {
    const at = make();
    at.uploads.add([file('a.html', '<p>', 'text/html'), file('big.txt', 'x'.repeat(101)), file('empty.txt', '')]);
    expect(at.seen().map((one) => one.failed)).toEqual(['type', 'tooLarge', 'empty']);
    expect(at.transport.start).not.toHaveBeenCalled();
  });
  it('that failed stay until they are sent again or put away; the others go on', async () => {
    const put = vi.fn(async () => undefined).mockRejectedValueOnce(new UploadFailure(0));
    const at = make(put);
    at.uploads.add([file('a.txt'), file('b.txt')]);
    await vi.waitFor(() => expect(at.transport.complete).toHaveBeenCalledWith('id-b.txt'));
    const failed = at.seen()[0] as Upload;
    expect(failed).toMatchObject({ failed: 'network' });
    at.uploads.retry(failed.id);
    await vi.waitFor(() => expect(at.seen()).toHaveLength(0));
    expect(at.transport.complete).toHaveBeenLastCalledWith('id-a.txt');
  });
  it('are given up at any time', async () => {
    const put = vi.fn((_url: string, _file: Blob, _type: string, _progress: unknown, signal: AbortSignal) =>
      new Promise<undefined>((_, fail) => signal.addEventListener('abort', () => fail(signal.reason))));
    const at = make(put as never);
    at.uploads.add([file('a.txt')]);
    await vi.waitFor(() => expect(put).toHaveBeenCalled());
    at.uploads.drop((at.seen()[0] as Upload).id);
    expect(at.seen()).toHaveLength(0);
    await Promise.resolve();
    expect(at.transport.complete).not.toHaveBeenCalled();
  });
  it('fail in words of their own', () => {
    expect(fileFailureOf(new ApiError(409, 'too_many_attachments', ''))).toBe('tooMany');
    expect(fileFailureOf(new ChatFailure('invalid', 402))).toBe('tooMany');
    expect(fileFailureOf(new ApiError(409, 'contact_state', ''))).toBe('ended');
    expect(fileFailureOf(new ChatFailure('ended', 403))).toBe('ended');
    expect(fileFailureOf(new ApiError(0, 'network', ''))).toBe('network');
    expect(fileFailureOf(new UploadFailure(400))).toBe('refused');
    expect(fileFailureOf(new Error('what'))).toBe('server');
  });
});
