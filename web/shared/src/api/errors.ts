// From a failure to the text and the way on that a page offers.
import { ApiError } from './http';

/** A stem in the catalogue's `errors` part. */
export type ErrorText =
  | 'network'
  | 'timeout'
  | 'session'
  | 'forbidden'
  | 'notFound'
  | 'conflict'
  | 'tooMany'
  | 'tooLarge'
  | 'invalid'
  | 'unavailable'
  | 'server'
  | 'part'
  | 'unknown';

export type WayOn = 'retry' | 'logIn' | 'reload' | 'none';

export interface Explained {
  text: ErrorText;
  wayOn: WayOn;
}

/** As Chromium, Firefox, Safari and our bundler word it. */
const PART_MISSING = /dynamically imported module|importing a module script|preload css/i;

export function explain(error: unknown): Explained {
  // A piece of the page that did not come: browsers remember the failure, so only a reload asks for it again.
  if (error instanceof Error && PART_MISSING.test(error.message)) return { text: 'part', wayOn: 'reload' };
  if (!(error instanceof ApiError)) return { text: 'unknown', wayOn: 'reload' };
  if (error.status === 0) return { text: error.code === 'timeout' ? 'timeout' : 'network', wayOn: 'retry' };
  if (error.status === 400 || error.status === 422) return { text: 'invalid', wayOn: 'none' };
  if (error.status === 401) return { text: 'session', wayOn: 'logIn' };
  if (error.status === 403) return { text: 'forbidden', wayOn: 'none' };
  if (error.status === 404 || error.status === 410) return { text: 'notFound', wayOn: 'none' };
  if (error.status === 409) return { text: 'conflict', wayOn: 'reload' };
  if (error.status === 413) return { text: 'tooLarge', wayOn: 'none' };
  if (error.status === 429) return { text: 'tooMany', wayOn: 'retry' };
  if (error.status === 502 || error.status === 503 || error.status === 504) return { text: 'unavailable', wayOn: 'retry' };
  if (error.status >= 500) return { text: 'server', wayOn: 'retry' };
  return { text: 'unknown', wayOn: 'reload' };
}

/** Whether asking again may help without anybody doing something. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}
