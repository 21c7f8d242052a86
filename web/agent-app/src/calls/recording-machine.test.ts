import { describe, expect, it } from 'vitest';
import {
  INITIAL_RECORDING,
  type RecordingEvent,
  type RecordingState,
  type RecordingStatus,
  recordButton,
  stepRecording,
} from './recording-machine';

function play(...events: RecordingEvent[]) {
  let state = INITIAL_RECORDING;
  const done: string[] = [];
  const said: string[] = [];
  for (const event of events) {
    const step = stepRecording(state, event);
    state = step.state;
    for (const effect of step.effects) {
      if (effect.do === 'say') said.push(`${effect.kind} ${effect.message}`);
      else done.push(effect.do);
    }
  }
  return { state, done, said, calls: done.filter((what) => what === 'start' || what === 'stop') };
}

const START: RecordingEvent = { type: 'start' };
const OK: RecordingEvent = { type: 'startOk', recordingId: 'r1' };
const PRESENT: RecordingEvent = { type: 'roster', present: true };
const GONE: RecordingEvent = { type: 'roster', present: false };
const STOP: RecordingEvent = { type: 'stop' };
const STOPPED: RecordingEvent = { type: 'stopOk', stopped: 1, notStopped: 0 };
const LEAVE: RecordingEvent = { type: 'leave' };
const CHECK: RecordingEvent = { type: 'check' };
const server = (inProgress: boolean): RecordingEvent => ({ type: 'server', inProgress });

describe('a recording from start to stop', () => {
  // acceptance: 51
  it('starts when the recorder comes and stops when it goes', () => {
    const all = play(START, OK, PRESENT, STOP, STOPPED, GONE, CHECK, server(false));
    expect(all.state.status).toBe('STOPPED');
    expect(all.said).toEqual(['info STARTING', 'info STARTED', 'info STOPPING', 'info STOPPED']);
    expect(all.calls).toEqual(['start', 'stop']);
  });

  it('can be started again and again', () => {
    const again = play(START, OK, PRESENT, STOP, GONE, STOPPED, START, OK, PRESENT);
    expect(again.state.status).toBe('STARTED');
    expect(again.calls).toEqual(['start', 'stop', 'start']);
  });

  it('is started even when the roster never shows the recorder', () => {
    expect(play(START, OK, CHECK, server(true)).state.status).toBe('STARTED');
  });

  it('says a failure and lets the agent try again', () => {
    const failed = play(START, { type: 'startFailed' });
    expect(failed.said).toEqual(['info STARTING', 'error STARTING_FAILED']);
    expect(play(START, { type: 'startFailed' }, { type: 'toggle' }).calls).toEqual(['start', 'start']);
  });

  it('goes on after a reload in mid-call without a word', () => {
    const rejoined = play({ type: 'init', inProgress: true, recordingId: 'r1' }, PRESENT);
    expect(rejoined.state.status).toBe('STARTED');
    expect(rejoined.said).toEqual([]);
  });

  it('shows a recording that the server started by itself', () => {
    const auto = play(PRESENT, server(true));
    expect(auto.done).toContain('read');
    expect(auto.said).toEqual(['info STARTED']);
  });

  it('says nothing of a quiet start', () => {
    expect(play({ type: 'start', quiet: true }).said).toEqual([]);
  });
});

describe("the original's traps", () => {
  // acceptance: 51
  it('a double click makes one call', () => {
    const twice = play({ type: 'toggle' }, { type: 'toggle' });
    expect(twice.calls).toEqual(['start']);
    expect(twice.said).toEqual(['info STARTING', 'warning REQUEST_REJECTED']);
  });

  it('"already in progress" reads the state instead of failing', () => {
    const other = play(START, { type: 'startInProgress' }, server(true));
    expect(other.state.status).toBe('STARTED');
    expect(other.said).toEqual(['info STARTING', 'info STARTED']);
  });

  // acceptance: 51
  it('a recorder that dies does not leave the server recording unseen', () => {
    const back = play(START, OK, PRESENT, GONE, CHECK, server(true));
    expect(back.state.status).toBe('STARTED');
    expect(play(START, OK, PRESENT, GONE, CHECK, server(false)).state.status).toBe('STOPPED');
  });

  // acceptance: 51
  it('somebody with the same name does not block the start', () => {
    // Present by name before the start; the server says that nothing runs.
    const namesake = play(PRESENT, server(false), START, OK, PRESENT);
    expect(namesake.state.status).toBe('STARTED');
  });

  // acceptance: 51
  it('leaving while it starts stops it when the start is answered', () => {
    const left = play(START, LEAVE, OK, STOPPED);
    expect(left.calls).toEqual(['start', 'stop']);
    expect(left.state.status).toBe('STOPPED');
    expect(left.said).toEqual(['info STARTING']);
    expect(play(START, LEAVE, { type: 'startInProgress' }).calls).toEqual(['start', 'stop']);
    expect(play(START, LEAVE, { type: 'startFailed' }).calls).toEqual(['start', 'stop']);
  });

  // acceptance: 51
  it('leaving while it runs ends in STOPPED, whatever comes first', () => {
    for (const order of [[GONE, STOPPED], [STOPPED, GONE]] as const) {
      const left = play(START, OK, PRESENT, LEAVE, ...order, CHECK);
      expect(left.state.status).toBe('STOPPED');
      expect(left.said).toEqual(['info STARTING', 'info STARTED']);
    }
  });

  it.each([
    [0, 0, 'STOPPING_UNKNOWN'],
    [1, 1, 'STOPPING_UNKNOWN'],
    [0, 1, 'STOPPING_FAILED'],
    [1, 0, 'STOPPING'],
  ] satisfies [number, number, RecordingStatus][])('stop answered %i/%i is %s', (stopped, notStopped, status) => {
    expect(play(START, OK, PRESENT, STOP, { type: 'stopOk', stopped, notStopped }).state.status).toBe(status);
  });

  // acceptance: 51
  it('an unclear stop asks the server and can be repeated', () => {
    const unclear = play(START, OK, PRESENT, STOP, { type: 'stopOk', stopped: 0, notStopped: 0 });
    expect(unclear.done.at(-1)).toBe('read');
    expect(play(START, OK, PRESENT, STOP, { type: 'stopFailed' }, STOP).calls).toEqual(['start', 'stop', 'stop']);
  });

  it('nothing to stop is stopped', () => {
    expect(play(START, OK, PRESENT, STOP, { type: 'stopNothing' }).state.status).toBe('STOPPED');
  });
});

describe('what is never lost', () => {
  const statuses: RecordingStatus[] = [
    'NOT_STARTED', 'STARTING', 'STARTED', 'STOPPING', 'STOPPED', 'STARTING_FAILED', 'STOPPING_FAILED', 'STOPPING_UNKNOWN',
  ];
  const events: RecordingEvent[] = [
    { type: 'toggle' }, START, STOP, OK, { type: 'startInProgress' }, { type: 'startFailed' }, STOPPED,
    { type: 'stopNothing' }, { type: 'stopFailed' }, PRESENT, GONE, CHECK, server(true), server(false), { type: 'serverUnknown' }, LEAVE,
  ];

  it('no event makes a second request beside one under way', () => {
    for (const status of statuses) {
      for (const request of ['start', 'stop'] as const) {
        const state: RecordingState = { ...INITIAL_RECORDING, status, request };
        for (const event of events.filter(({ type }) => !/^(start|stop)(Ok|InProgress|Failed|Nothing)$/.test(type))) {
          const { effects } = stepRecording(state, event);
          expect(effects.filter((effect) => effect.do === 'start' || effect.do === 'stop')).toEqual([]);
        }
      }
    }
  });

  it('leaving with anything running always asks to stop', () => {
    for (const status of ['STARTING', 'STARTED', 'STOPPING_FAILED', 'STOPPING_UNKNOWN'] as const) {
      expect(stepRecording({ ...INITIAL_RECORDING, status }, LEAVE).effects).toContainEqual({ do: 'stop' });
    }
  });

  it('the button is as the original has it', () => {
    const shown = statuses.map((status) => recordButton({ ...INITIAL_RECORDING, status }));
    expect(shown.map(({ selected }) => selected)).toEqual([false, true, true, true, false, false, true, true]);
    expect(shown.map(({ busy }) => busy)).toEqual([false, true, false, true, false, false, false, false]);
  });
});
