// The participant interface over HTTP. The bearer header is the only credential.
import { ApiError, request } from '../api/http';
import { ChatFailure, type ChatItem } from './types';

export interface Connected {
  socketUrl: string;
  connectionToken: string;
}

export interface TranscriptQuery {
  maxResults: number;
  /** Items from this one on, forward; without it the newest ones, backward. */
  fromId?: string;
  nextToken?: string;
}

export interface TranscriptPage {
  items: ChatItem[];
  nextToken: string | null;
}

export interface Sent {
  id: string;
  time: string;
}

function failureOf(error: unknown): ChatFailure {
  if (!(error instanceof ApiError) || error.code === 'unreadable') return new ChatFailure('server');
  const { status } = error;
  if (status === 0) return new ChatFailure('network');
  if (status === 401 || status === 403 || status === 404) return new ChatFailure('ended', status);
  if (status === 429) return new ChatFailure('throttled', status);
  return new ChatFailure(status < 500 ? 'invalid' : 'server', status);
}

export class ParticipantApi {
  readonly #base: string;

  /** `base` is the origin of the server, without a slash at its end. */
  constructor(base: string) {
    this.#base = `${base}/aws/participant/participant/`;
  }

  async connect(participantToken: string): Promise<Connected> {
    const body = await this.#call('connection', participantToken, { Type: ['WEBSOCKET', 'CONNECTION_CREDENTIALS'] });
    const socket = body['Websocket'] as { Url?: unknown } | undefined;
    const credentials = body['ConnectionCredentials'] as { ConnectionToken?: unknown } | undefined;
    if (typeof socket?.Url !== 'string' || typeof credentials?.ConnectionToken !== 'string') throw new ChatFailure('server');
    return { socketUrl: socket.Url, connectionToken: credentials.ConnectionToken };
  }

  async sendMessage(token: string, text: string, clientToken: string): Promise<Sent> {
    return this.#send('message', token, { ContentType: 'text/plain', Content: text, ClientToken: clientToken });
  }

  async sendEvent(token: string, contentType: string, content?: object): Promise<Sent> {
    const body: Record<string, unknown> = { ContentType: contentType };
    if (content) body['Content'] = JSON.stringify(content);
    return this.#send('event', token, body);
  }

  async transcript(token: string, query: TranscriptQuery): Promise<TranscriptPage> {
    const body = await this.#call('transcript', token, {
      MaxResults: query.maxResults,
      SortOrder: 'ASCENDING',
      ScanDirection: query.fromId ? 'FORWARD' : 'BACKWARD',
      StartPosition: query.fromId ? { Id: query.fromId } : {},
      ...(query.nextToken ? { NextToken: query.nextToken } : {}),
    });
    if (!Array.isArray(body['Transcript'])) throw new ChatFailure('server');
    const items = body['Transcript'].filter(isItem);
    return { items, nextToken: typeof body['NextToken'] === 'string' ? body['NextToken'] : null };
  }

  /** Answers where the file is to be put. */
  async startUpload(token: string, wanted: { name: string; contentType: string; sizeInBytes: number; clientToken: string }): Promise<{ attachmentId: string; url: string }> {
    const body = await this.#call('start-attachment-upload', token, {
      AttachmentName: wanted.name, ContentType: wanted.contentType, AttachmentSizeInBytes: wanted.sizeInBytes, ClientToken: wanted.clientToken,
    });
    const where = body['UploadMetadata'] as { Url?: unknown } | undefined;
    if (typeof body['AttachmentId'] !== 'string' || typeof where?.Url !== 'string') throw new ChatFailure('server');
    return { attachmentId: body['AttachmentId'], url: where.Url };
  }

  async completeUpload(token: string, attachmentId: string): Promise<void> {
    await this.#call('complete-attachment-upload', token, { AttachmentIds: [attachmentId], ClientToken: attachmentId });
  }

  /** An address that is good for a moment, of a file that was approved. */
  async attachment(token: string, attachmentId: string): Promise<string> {
    const body = await this.#call('attachment', token, { AttachmentId: attachmentId });
    if (typeof body['Url'] !== 'string') throw new ChatFailure('server');
    return body['Url'];
  }

  async disconnect(token: string): Promise<void> {
    await this.#call('disconnect', token, {});
  }

  async #send(operation: string, token: string, body: object): Promise<Sent> {
    const answer = await this.#call(operation, token, body);
    if (typeof answer['Id'] !== 'string' || typeof answer['AbsoluteTime'] !== 'string') throw new ChatFailure('server');
    return { id: answer['Id'], time: answer['AbsoluteTime'] };
  }

  async #call(operation: string, token: string, body: object): Promise<Record<string, unknown>> {
    let answer: unknown;
    try {
      answer = await request(this.#base + operation, { body, headers: { 'x-amz-bearer': token } });
    } catch (error) {
      throw failureOf(error);
    }
    if (typeof answer !== 'object' || answer === null) throw new ChatFailure('server');
    return answer as Record<string, unknown>;
  }
}

/** Whether this came from the server as an item that can be shown; anything else is dropped. */
export function isItem(value: unknown): value is ChatItem {
  if (typeof value !== 'object' || value === null) return false;
  const item = value as Record<string, unknown>;
  return ['Id', 'AbsoluteTime', 'Type', 'ContentType'].every((name) => typeof item[name] === 'string') &&
    ['Content', 'ParticipantId', 'ParticipantRole', 'DisplayName'].every((name) => item[name] === undefined || typeof item[name] === 'string') &&
    (item['Attachments'] === undefined || (Array.isArray(item['Attachments']) && item['Attachments'].every(isAttachment)));
}

function isAttachment(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const attachment = value as Record<string, unknown>;
  return ['AttachmentId', 'AttachmentName', 'Status'].every((name) => typeof attachment[name] === 'string');
}
