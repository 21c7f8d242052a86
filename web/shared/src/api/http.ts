// One way to ask the server, one shape of failure.

/** Where a request went wrong, as pages tell it apart: the network, the session, a status. */
export class ApiError extends Error {
  constructor(
    /** 0 when no answer came. */
    readonly status: number,
    /** The server's stable code, '' when it gave none. */
    readonly code: string,
    message: string,
    readonly requestId = '',
    readonly retryAfterSeconds = 0,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export interface RequestOptions {
  method?: string | undefined;
  body?: unknown;
  /** application/x-www-form-urlencoded instead of JSON. */
  form?: Record<string, string> | undefined;
  headers?: Record<string, string> | undefined;
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
  keepalive?: boolean | undefined;
}

const TIMEOUT_MS = 15_000;

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

async function failureOf(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // An answer that is not ours (a proxy's page): the status says enough.
  }
  const code = text(body.code) || text(body.error) || text(body.__type);
  const message = text(body.message) || text(body.Message) || response.statusText;
  return new ApiError(response.status, code, message, text(body.reqId), Number(response.headers.get('retry-after')) || 0);
}

/** The answer's JSON. Throws ApiError for everything else; an abort by `signal` throws its reason. */
export async function request<T>(url: string, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  let body: BodyInit | null = null;
  if (options.form) {
    body = new URLSearchParams(options.form);
  } else if (options.body !== undefined) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(options.body);
  }
  const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  let response: Response;
  try {
    response = await fetch(url, {
      method: options.method ?? (body === null ? 'GET' : 'POST'),
      headers,
      body,
      signal,
      keepalive: options.keepalive ?? false,
      credentials: 'omit',
    });
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw new ApiError(0, limit.aborted ? 'timeout' : 'network', String(error));
  }
  if (!response.ok) throw await failureOf(response);
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(response.status, 'unreadable', 'The answer is not JSON.');
  }
}

/** The `{success, data, reqId}` envelope of /api, opened. */
export async function requestData<T>(url: string, options: RequestOptions = {}): Promise<T> {
  return (await request<{ data: T }>(url, options)).data;
}
