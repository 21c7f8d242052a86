// The recording of one meeting as its agent sees and commands it. Pure: an event in, the next state and what to do out.
// The server's answers decide; the roster only tells when it is time to ask.

export type RecordingStatus =
  | 'NOT_STARTED'
  | 'STARTING'
  | 'STARTED'
  | 'STOPPING'
  | 'STOPPED'
  | 'STARTING_FAILED'
  | 'STOPPING_FAILED'
  | 'STOPPING_UNKNOWN';

export interface RecordingState {
  status: RecordingStatus;
  /** Of the recording that was started last. */
  recordingId: string | undefined;
  /** The recorder is in the call. */
  present: boolean;
  /** The question to the server that is under way: there is never a second one beside it. */
  request: 'start' | 'stop' | undefined;
  /** The agent has left: what runs is stopped, and nothing is said about it any more. */
  leaving: boolean;
}

export type RecordingEvent =
  | { type: 'init'; inProgress: boolean; recordingId?: string | undefined }
  | { type: 'toggle' }
  | { type: 'start'; quiet?: boolean }
  | { type: 'stop' }
  | { type: 'startOk'; recordingId: string }
  | { type: 'startInProgress' }
  | { type: 'startFailed' }
  | { type: 'stopOk'; stopped: number; notStopped: number }
  | { type: 'stopNothing' }
  | { type: 'stopFailed' }
  | { type: 'roster'; present: boolean }
  | { type: 'check' }
  | { type: 'server'; inProgress: boolean; recordingId?: string | undefined }
  | { type: 'serverUnknown' }
  | { type: 'leave' };

export type RecordingMessage = RecordingStatus | 'REQUEST_REJECTED';
export type MessageKind = 'info' | 'warning' | 'error';

export type RecordingEffect =
  | { do: 'start' }
  | { do: 'stop' }
  /** Ask the server how it is: answered by `server` or `serverUnknown`. */
  | { do: 'read' }
  /** Send `check` after this time. */
  | { do: 'checkIn'; ms: number }
  | { do: 'say'; message: RecordingMessage; kind: MessageKind };

export interface RecordingStep {
  state: RecordingState;
  effects: RecordingEffect[];
}

export const INITIAL_RECORDING: RecordingState = {
  status: 'NOT_STARTED',
  recordingId: undefined,
  present: false,
  request: undefined,
  leaving: false,
};

/** A recorder that is gone for less than this was only reconnecting. */
export const GONE_MS = 1_000;
/** How long a start or stop may take before the server is asked. */
export const PATIENCE_MS = 4_000;

const CAN_START: readonly RecordingStatus[] = ['NOT_STARTED', 'STOPPED', 'STARTING_FAILED'];
const CAN_STOP: readonly RecordingStatus[] = ['STARTED', 'STOPPING_FAILED', 'STOPPING_UNKNOWN'];

export const canStart = ({ status, request }: RecordingState): boolean => !request && CAN_START.includes(status);
export const canStop = ({ status, request }: RecordingState): boolean => !request && CAN_STOP.includes(status);

/** As the Record button shows it. */
export function recordButton({ status }: RecordingState): { selected: boolean; busy: boolean } {
  const selected = !CAN_START.includes(status);
  return { selected, busy: status === 'STARTING' || status === 'STOPPING' };
}

const KINDS: Record<RecordingMessage, MessageKind> = {
  NOT_STARTED: 'info',
  STARTING: 'info',
  STARTED: 'info',
  STOPPING: 'info',
  STOPPED: 'info',
  STARTING_FAILED: 'error',
  STOPPING_FAILED: 'error',
  STOPPING_UNKNOWN: 'error',
  REQUEST_REJECTED: 'warning',
};

const say = (message: RecordingMessage): RecordingEffect => ({ do: 'say', message, kind: KINDS[message] });
const stay = (state: RecordingState): RecordingStep => ({ state, effects: [] });

/** The next status, said aloud unless the agent has left. */
function become(state: RecordingState, status: RecordingStatus, ...effects: RecordingEffect[]): RecordingStep {
  const isNews = status !== state.status && !state.leaving;
  return { state: { ...state, status }, effects: isNews ? [...effects, say(status)] : effects };
}

function askToStop(state: RecordingState): RecordingStep {
  return become({ ...state, request: 'stop' }, 'STOPPING', { do: 'stop' });
}

function start(state: RecordingState, quiet: boolean): RecordingStep {
  if (!canStart(state)) return { state, effects: quiet ? [] : [say('REQUEST_REJECTED')] };
  const next: RecordingState = { ...state, status: 'STARTING', request: 'start', recordingId: undefined, present: false };
  return { state: next, effects: quiet ? [{ do: 'start' }] : [{ do: 'start' }, say('STARTING')] };
}

function stop(state: RecordingState): RecordingStep {
  return canStop(state) ? askToStop(state) : { state, effects: [say('REQUEST_REJECTED')] };
}

function answered(state: RecordingState): RecordingState {
  return { ...state, request: undefined };
}

function started(before: RecordingState, recordingId: string | undefined): RecordingStep {
  const state = { ...answered(before), recordingId };
  if (state.leaving) return askToStop(state);
  // Who is in the roster is looked at again: it may have been the recorder of an earlier recording.
  if (recordingId) return { state: { ...state, present: false }, effects: [{ do: 'checkIn', ms: PATIENCE_MS }] };
  return { state, effects: [{ do: 'read' }] };
}

function stopAnswered(before: RecordingState, stopped: number, notStopped: number): RecordingStep {
  const state = answered(before);
  if (stopped > 0 && notStopped === 0) {
    if (state.leaving || !state.present) return become(state, 'STOPPED');
    return { state, effects: [{ do: 'checkIn', ms: PATIENCE_MS }] };
  }
  if (stopped === 0 && notStopped > 0) return become(state, 'STOPPING_FAILED');
  return become(state, 'STOPPING_UNKNOWN', { do: 'read' });
}

function roster(before: RecordingState, present: boolean): RecordingStep {
  if (present === before.present || before.leaving) return stay(before);
  const state = { ...before, present };
  if (!present) return { state, effects: state.status === 'STARTING' ? [] : [{ do: 'checkIn', ms: GONE_MS }] };
  if (state.request) return stay(state);
  // After the server's answer it is this recording's; otherwise the server tells whether somebody records.
  if (state.status === 'STARTING' && state.recordingId) return become(state, 'STARTED');
  return CAN_START.includes(state.status) || state.status === 'STARTING' ? { state, effects: [{ do: 'read' }] } : stay(state);
}

function check(state: RecordingState): RecordingStep {
  if (state.leaving || state.request) return stay(state);
  const open = state.status === 'STARTING' || state.status === 'STOPPING';
  const lost = !state.present && CAN_STOP.includes(state.status);
  return open || lost ? { state, effects: [{ do: 'read' }] } : stay(state);
}

function server(before: RecordingState, inProgress: boolean, recordingId: string | undefined): RecordingStep {
  if (before.leaving || before.request) return stay(before);
  const state = recordingId ? { ...before, recordingId } : before;
  switch (state.status) {
    case 'STARTING':
      return become(state, inProgress ? 'STARTED' : 'STARTING_FAILED');
    case 'STOPPING':
      return inProgress ? { state, effects: [{ do: 'checkIn', ms: PATIENCE_MS }] } : become(state, 'STOPPED');
    case 'STARTED':
    case 'STOPPING_FAILED':
    case 'STOPPING_UNKNOWN':
      return inProgress ? stay(state) : become(state, 'STOPPED');
    default:
      return inProgress ? become(state, 'STARTED') : stay(state);
  }
}

function leave(before: RecordingState): RecordingStep {
  const state = { ...before, leaving: true };
  // A start that is under way is stopped as soon as it is answered.
  if (state.request) return stay(state);
  return state.status === 'STARTING' || CAN_STOP.includes(state.status) ? askToStop(state) : stay(state);
}

export function stepRecording(state: RecordingState, event: RecordingEvent): RecordingStep {
  switch (event.type) {
    case 'init':
      return stay({ ...INITIAL_RECORDING, status: event.inProgress ? 'STARTED' : 'NOT_STARTED', recordingId: event.recordingId });
    case 'toggle':
      return canStart(state) ? start(state, false) : stop(state);
    case 'start':
      return start(state, event.quiet ?? false);
    case 'stop':
      return stop(state);
    case 'startOk':
      return started(state, event.recordingId);
    case 'startInProgress':
      return started(state, undefined);
    case 'startFailed':
      // No answer does not mean that nothing runs.
      return state.leaving ? askToStop(answered(state)) : become(answered(state), 'STARTING_FAILED');
    case 'stopOk':
      return stopAnswered(state, event.stopped, event.notStopped);
    case 'stopNothing':
      return become(answered(state), 'STOPPED');
    case 'stopFailed':
      return become(answered(state), 'STOPPING_FAILED');
    case 'roster':
      return roster(state, event.present);
    case 'check':
      return check(state);
    case 'server':
      return server(state, event.inProgress, event.recordingId);
    case 'serverUnknown':
      return state.leaving ? stay(state) : { state, effects: [{ do: 'checkIn', ms: PATIENCE_MS }] };
    case 'leave':
      return leave(state);
  }
}
