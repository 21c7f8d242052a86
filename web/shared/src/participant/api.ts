// The participant interface over HTTP. The bearer header is the only credential.
import { ChatFailure, type ChatItem, type FailureKind } from './types';

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

const TIMEOUT_MS = 15_000;

function failureOf(status: number): FailureKind {
  if (status === 401 || status === 403 || status === 404) return 'ended';
  if (status === 429) return 'throttled';
  if (status >= 400 && status < 500) return 'invalid';
  return 'server';
}

export class ParticipantApi {
  readonly #base: string;
  readonly #fetch: typeof fetch;

  /** `base` is the origin of the server, without a slash at its end. */
  constructor(base: string, fetchFn: typeof fetch = (...args) => fetch(...args)) {
    this.#base = `${base}/aws/participant/participant/`;
    this.#fetch = fetchFn;
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

  async disconnect(token: string): Promise<void> {
    await this.#call('disconnect', token, {});
  }

  async #send(operation: string, token: string, body: object): Promise<Sent> {
    const answer = await this.#call(operation, token, body);
    if (typeof answer['Id'] !== 'string' || typeof answer['AbsoluteTime'] !== 'string') throw new ChatFailure('server');
    return { id: answer['Id'], time: answer['AbsoluteTime'] };
  }

  async #call(operation: string, token: string, body: object): Promise<Record<string, unknown>> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    let answer: unknown;
    try {
      const response = await this.#fetch(this.#base + operation, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-amz-bearer': token },
        body: JSON.stringify(body),
        signal: abort.signal,
      });
      if (!response.ok) throw new ChatFailure(failureOf(response.status), response.status);
      answer = await response.json();
    } catch (error) {
      throw error instanceof ChatFailure ? error : new ChatFailure('network');
    } finally {
      clearTimeout(timer);
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
    ['Content', 'ParticipantId', 'ParticipantRole', 'DisplayName'].every((name) => item[name] === undefined || typeof item[name] === 'string');
}
