// Pausing a recording, and taking back what was just said. Pure, like the recording machine beside it: an event in, the next
// state and what to do out. The server's answers decide; by itself the page only counts down to when the pause ends.

export interface PauseState {
  /** The recording runs, so that there is something to pause. */
  recording: boolean;
  /** Unix milliseconds by this machine's clock: when the pause ends by itself. Not paused: none. */
  resumesAt: number | undefined;
  /** The question to the server that is under way: there is never a second one beside it. */
  request: 'pause' | 'resume' | 'forget' | undefined;
  /** It was said that the pause ends soon. */
  warned: boolean;
}

export type PauseEvent =
  | { type: 'recording'; on: boolean }
  | { type: 'toggle' }
  | { type: 'forget'; seconds: number }
  | { type: 'pauseOk'; resumesAt: number }
  | { type: 'resumeOk' }
  | { type: 'forgotten'; seconds: number }
  /** `refused`: the installation does not allow it (any more). */
  | { type: 'failed'; refused: boolean }
  /** How it is, as the server says. */
  | { type: 'server'; resumesAt: number | undefined }
  /** The time that was asked for with `wakeAt` has come. */
  | { type: 'woken'; now: number };

export type PauseMessage = 'PAUSED' | 'RESUMED' | 'RESUMES_SOON' | 'FORGOTTEN' | 'PAUSE_FAILED' | 'RESUME_FAILED' | 'FORGET_FAILED' | 'NOT_ALLOWED';

export type PauseEffect =
  | { do: 'pause' }
  | { do: 'resume' }
  | { do: 'forget'; seconds: number }
  /** Ask the server how it is: answered by `server`, or by nothing. */
  | { do: 'read' }
  /** Send `woken` at this time. The last such wish counts. */
  | { do: 'wakeAt'; at: number }
  | { do: 'say'; message: PauseMessage; kind: 'info' | 'warning' | 'error'; seconds?: number };

export interface PauseStep {
  state: PauseState;
  effects: PauseEffect[];
}

export const NOT_PAUSED: PauseState = { recording: false, resumesAt: undefined, request: undefined, warned: false };

/** So long before the recording goes on by itself the agent is warned. */
export const WARNING_MS = 20_000;
/** The server ends the pause; it is asked a moment later. */
const AFTER_MS = 500;
/** An answer that did not come is asked for again. */
const AGAIN_MS = 4_000;

const FAILED = { pause: 'PAUSE_FAILED', resume: 'RESUME_FAILED', forget: 'FORGET_FAILED' } as const;

const stay = (state: PauseState): PauseStep => ({ state, effects: [] });

function paused(state: PauseState, resumesAt: number, isNews: boolean): PauseStep {
  const effects: PauseEffect[] = [{ do: 'wakeAt', at: resumesAt - WARNING_MS }];
  if (isNews) effects.push({ do: 'say', message: 'PAUSED', kind: 'info' });
  return { state: { ...state, resumesAt, warned: false }, effects };
}

function resumed(state: PauseState): PauseStep {
  const isNews = state.resumesAt !== undefined;
  return { state: { ...state, resumesAt: undefined, warned: false }, effects: isNews ? [{ do: 'say', message: 'RESUMED', kind: 'info' }] : [] };
}

function toggle(state: PauseState): PauseStep {
  if (!state.recording || state.request) return stay(state);
  const request = state.resumesAt === undefined ? 'pause' : 'resume';
  return { state: { ...state, request }, effects: [{ do: request }] };
}

function forget(state: PauseState, seconds: number): PauseStep {
  if (!state.recording || state.request || !(seconds > 0)) return stay(state);
  return { state: { ...state, request: 'forget' }, effects: [{ do: 'forget', seconds }] };
}

function failed(state: PauseState, refused: boolean): PauseStep {
  if (!state.request) return stay(state);
  const message = refused ? 'NOT_ALLOWED' : FAILED[state.request];
  // It may have happened all the same: the server knows.
  return { state: { ...state, request: undefined }, effects: [{ do: 'say', message, kind: 'error' }, { do: 'read' }] };
}

function server(state: PauseState, resumesAt: number | undefined): PauseStep {
  if (!state.recording || state.request) return stay(state);
  if (resumesAt === undefined) return resumed(state);
  // The same pause, told again: the clocks of two machines differ by a little each time.
  const same = state.resumesAt !== undefined && Math.abs(state.resumesAt - resumesAt) < 1_000;
  return same ? stay(state) : paused(state, resumesAt, state.resumesAt === undefined);
}

function woken(state: PauseState, now: number): PauseStep {
  if (state.resumesAt === undefined) return stay(state);
  if (now < state.resumesAt - WARNING_MS) return { state, effects: [{ do: 'wakeAt', at: state.resumesAt - WARNING_MS }] };
  if (now < state.resumesAt) {
    const effects: PauseEffect[] = [{ do: 'wakeAt', at: state.resumesAt + AFTER_MS }];
    if (!state.warned) effects.push({ do: 'say', message: 'RESUMES_SOON', kind: 'warning', seconds: Math.ceil((state.resumesAt - now) / 1_000) });
    return { state: { ...state, warned: true }, effects };
  }
  return { state, effects: [{ do: 'read' }, { do: 'wakeAt', at: now + AGAIN_MS }] };
}

export function stepPause(state: PauseState, event: PauseEvent): PauseStep {
  switch (event.type) {
    case 'recording':
      if (event.on === state.recording) return stay(state);
      // A recording that was found running may be paused.
      return { state: { ...NOT_PAUSED, recording: event.on }, effects: event.on ? [{ do: 'read' }] : [] };
    case 'toggle':
      return toggle(state);
    case 'forget':
      return forget(state, event.seconds);
    case 'pauseOk':
      return paused({ ...state, request: undefined }, event.resumesAt, true);
    case 'resumeOk':
      return resumed({ ...state, request: undefined });
    case 'forgotten':
      return { state: { ...state, request: undefined }, effects: [{ do: 'say', message: 'FORGOTTEN', kind: 'info', seconds: event.seconds }] };
    case 'failed':
      return failed(state, event.refused);
    case 'server':
      return server(state, event.resumesAt);
    case 'woken':
      return woken(state, event.now);
  }
}
