import { describe, expect, it } from 'vitest';
import { NOT_PAUSED, type PauseEvent, stepPause, WARNING_MS } from './pause-machine';

function play(...events: PauseEvent[]) {
  let state = NOT_PAUSED;
  const done: string[] = [];
  const said: string[] = [];
  let wakeAt: number | undefined;
  for (const event of events) {
    const step = stepPause(state, event);
    state = step.state;
    for (const effect of step.effects) {
      if (effect.do === 'say') said.push(effect.seconds === undefined ? effect.message : `${effect.message} ${effect.seconds}`);
      else if (effect.do === 'wakeAt') wakeAt = effect.at;
      else done.push(effect.do);
    }
  }
  return { state, done, said, wakeAt };
}

const RECORDING: PauseEvent = { type: 'recording', on: true };
const TOGGLE: PauseEvent = { type: 'toggle' };
const PAUSED: PauseEvent = { type: 'pauseOk', resumesAt: 100_000 };
const RESUMED: PauseEvent = { type: 'resumeOk' };
const at = (now: number): PauseEvent => ({ type: 'woken', now });
const server = (resumesAt: number | undefined): PauseEvent => ({ type: 'server', resumesAt });

describe('a pause', () => {
  it('begins and ends by the agent', () => {
    const all = play(RECORDING, TOGGLE, PAUSED, TOGGLE, RESUMED);
    expect(all.done).toEqual(['read', 'pause', 'resume']);
    expect(all.said).toEqual(['PAUSED', 'RESUMED']);
    expect(all.state.resumesAt).toBeUndefined();
  });

  it('warns once before it ends by itself, and asks the server when it has', () => {
    const warned = play(RECORDING, TOGGLE, PAUSED, at(100_000 - WARNING_MS), at(100_000 - WARNING_MS + 5_000));
    expect(warned.said).toEqual(['PAUSED', `RESUMES_SOON ${WARNING_MS / 1000}`]);
    expect(warned.wakeAt).toBeGreaterThan(100_000);
    const over = play(RECORDING, TOGGLE, PAUSED, at(99_000), at(100_500), server(undefined));
    expect(over.done).toEqual(['read', 'pause', 'read']);
    expect(over.said.at(-1)).toBe('RESUMED');
  });

  it('asks again when nobody answered at its end', () => {
    const silent = play(RECORDING, TOGGLE, PAUSED, at(100_500), at(104_500));
    expect(silent.done.filter((what) => what === 'read')).toHaveLength(3);
    expect(silent.state.resumesAt).toBe(100_000);
  });

  it('is woken too early by a timer and only waits on', () => {
    const early = play(RECORDING, TOGGLE, PAUSED, at(10_000));
    expect(early.said).toEqual(['PAUSED']);
    expect(early.wakeAt).toBe(100_000 - WARNING_MS);
  });

  it('is found after a reload, and told anew without another word', () => {
    expect(play(RECORDING, server(100_000)).said).toEqual(['PAUSED']);
    expect(play(RECORDING, server(100_000), server(100_300)).said).toEqual(['PAUSED']);
    expect(play(RECORDING, server(undefined)).said).toEqual([]);
  });

  it('is over with the recording', () => {
    const over = play(RECORDING, TOGGLE, PAUSED, { type: 'recording', on: false });
    expect(over.state).toEqual(NOT_PAUSED);
    expect(play(RECORDING, TOGGLE, PAUSED, { type: 'recording', on: false }, server(100_000), at(100_500)).state).toEqual(NOT_PAUSED);
  });

  it('takes one wish at a time, and none without a recording', () => {
    expect(play(TOGGLE, { type: 'forget', seconds: 10 }).done).toEqual([]);
    expect(play(RECORDING, TOGGLE, TOGGLE, { type: 'forget', seconds: 10 }).done).toEqual(['read', 'pause']);
    // An answer about the time before the wish says nothing of it.
    expect(play(RECORDING, TOGGLE, server(undefined)).state.request).toBe('pause');
  });

  it('says what failed and looks how it is', () => {
    const failed = play(RECORDING, TOGGLE, { type: 'failed', refused: false });
    expect(failed.said).toEqual(['PAUSE_FAILED']);
    expect(failed.done).toEqual(['read', 'pause', 'read']);
    expect(play(RECORDING, TOGGLE, { type: 'failed', refused: true }).said).toEqual(['NOT_ALLOWED']);
    expect(play(RECORDING, TOGGLE, PAUSED, TOGGLE, { type: 'failed', refused: false }).said.at(-1)).toBe('RESUME_FAILED');
  });
});

describe('taking back', () => {
  it('says how much is gone, also during a pause', () => {
    const gone = play(RECORDING, { type: 'forget', seconds: 30 }, { type: 'forgotten', seconds: 30 });
    expect(gone.said).toEqual(['FORGOTTEN 30']);
    const paused = play(RECORDING, TOGGLE, PAUSED, { type: 'forget', seconds: 30 }, { type: 'forgotten', seconds: 30 });
    expect(paused.state.resumesAt).toBe(100_000);
    expect(paused.state.request).toBeUndefined();
  });

  it('says that it did not happen', () => {
    expect(play(RECORDING, { type: 'forget', seconds: 30 }, { type: 'failed', refused: false }).said).toEqual(['FORGET_FAILED']);
  });
});
