// Files on their way into a chat, one after another, each with its progress. Where they go is the transport's.
import { ApiError } from '../api/http';
import { type FileFailure, type FileLimits, problemOf, putFile, typeOf, type Upload, UploadFailure } from './files';
import { newToken } from './outbox';
import { ChatFailure } from './types';

export interface UploadTransport {
  /** Announces a file; answers where it goes. */
  start(wanted: { name: string; contentType: string; sizeInBytes: number; clientToken: string }): Promise<{ attachmentId: string; url: string }>;
  /** It is there. */
  complete(attachmentId: string): Promise<unknown>;
}

export function fileFailureOf(error: unknown): FileFailure {
  const status = error instanceof ApiError || error instanceof ChatFailure || error instanceof UploadFailure ? error.status : -1;
  if (error instanceof ChatFailure && (error.kind === 'network' || error.kind === 'ended')) return error.kind;
  if (status === 0) return 'network';
  if (status === 402 || (error instanceof ApiError && error.code === 'too_many_attachments')) return 'tooMany';
  if (status === 403 || status === 404 || status === 409) return 'ended';
  return status === 400 || status === 413 || status === 415 ? 'refused' : 'server';
}

export class Uploads {
  private list: readonly Upload[] = [];
  private readonly aborts = new Map<string, AbortController>();
  private busy = false;

  constructor(
    private readonly transport: UploadTransport,
    private readonly limits: () => FileLimits,
    private readonly onChange: (uploads: readonly Upload[]) => void,
    private readonly put = putFile,
  ) {}

  add(files: Iterable<File>): void {
    const fresh = [...files].map((file): Upload => {
      const problem = problemOf(file, this.limits());
      return { id: newToken(), file, sent: 0, ...(problem ? { failed: problem } : {}) };
    });
    this.set([...this.list, ...fresh]);
    void this.work();
  }

  retry(id: string): void {
    this.set(this.list.map((one) => (one.id === id ? { id, file: one.file, sent: 0 } : one)));
    void this.work();
  }

  /** Gives up one that is on its way, or puts away one that has failed. */
  drop(id: string): void {
    this.aborts.get(id)?.abort();
    this.set(this.list.filter((one) => one.id !== id));
  }

  stop(): void {
    for (const abort of this.aborts.values()) abort.abort();
    this.list = [];
  }

  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.next(); next; next = this.next()) await this.send(next);
    } finally {
      this.busy = false;
    }
  }

  private next(): Upload | undefined {
    return this.list.find((one) => !one.failed);
  }

  private async send({ id, file }: Upload): Promise<void> {
    const abort = new AbortController();
    this.aborts.set(id, abort);
    try {
      const contentType = typeOf(file, this.limits().types);
      const { attachmentId, url } = await this.transport.start({ name: file.name, contentType, sizeInBytes: file.size, clientToken: id });
      abort.signal.throwIfAborted();
      await this.put(url, file, contentType, (sent) => this.change(id, { sent }), abort.signal);
      await this.transport.complete(attachmentId);
      this.set(this.list.filter((one) => one.id !== id));
    } catch (error) {
      if (!abort.signal.aborted) this.change(id, { failed: fileFailureOf(error) });
    } finally {
      this.aborts.delete(id);
    }
  }

  private change(id: string, part: Partial<Upload>): void {
    this.set(this.list.map((one) => (one.id === id ? { ...one, ...part } : one)));
  }

  private set(list: readonly Upload[]): void {
    this.list = list;
    this.onChange(list);
  }
}
