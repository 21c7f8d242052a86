// From a failed request to the sentence that a customer reads (a key of the catalogue's `failure` part).
import { ApiError } from '@upcall/shared/api/http';

export type FailureText = 'network' | 'busy' | 'invalid' | 'invalidEmail' | 'closed' | 'server';

export function failureText(error: unknown): FailureText {
  if (!(error instanceof ApiError)) return 'network';
  if (error.code === 'invalid_email') return 'invalidEmail';
  if (error.code === 'flow_not_open') return 'closed';
  if (error.status === 0) return 'network';
  if (error.status === 429 || error.status === 503) return 'busy';
  return error.status < 500 ? 'invalid' : 'server';
}

/** Why a call could not be joined, in the words of a call that ended. */
export function joinFailure(error: unknown): 'ended' | 'removed' | 'refused' | 'network' | 'failed' {
  // A part of the page that could not be fetched is a TypeError of the import.
  if (!(error instanceof ApiError)) return error instanceof TypeError ? 'network' : 'failed';
  if (error.status === 0) return 'network';
  if (error.code === 'no_such_attendee') return 'removed';
  if (error.status === 404 || error.status === 410) return 'ended';
  if (error.status === 401 || error.status === 403) return 'refused';
  return 'failed';
}
