// Does what the recording machine asks for: calls the server, waits, tells the agent.
import { explain } from '@upcall/shared/api/errors';
import { ApiError } from '@upcall/shared/api/http';
import { agentApi } from '../api/agent';
import { recordingsApi } from '../api/recordings';
import { announceRecording } from './announce';
import { INITIAL_RECORDING, type RecordingEffect, type RecordingEvent, type RecordingState, stepRecording } from './recording-machine';

export interface DriverOptions {
  meetingId: string;
  contactId: string | undefined;
  /** False: the recording is the server's business, leaving does not touch it. */
  canControl: boolean;
  onState: (state: RecordingState) => void;
}

export class RecordingDriver {
  private state = INITIAL_RECORDING;
  private closed = false;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: DriverOptions) {}

  /** After opening or reopening the call: what runs already. */
  async begin(): Promise<void> {
    const now = await this.ask();
    if (now && this.state === INITIAL_RECORDING) this.send({ type: 'init', ...now });
  }

  send(event: RecordingEvent): void {
    if (this.closed) return;
    const { state, effects } = stepRecording(this.state, event);
    if (state !== this.state) {
      this.state = state;
      this.options.onState(state);
    }
    for (const effect of effects) this.perform(effect);
  }

  seeRoster(present: boolean): void {
    this.send({ type: 'roster', present });
  }

  /** Resolves when nothing is left to be stopped. */
  async leave(): Promise<void> {
    if (!this.options.canControl) return;
    this.send({ type: 'leave' });
    while (this.stopping) await this.stopping;
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  private perform(effect: RecordingEffect): void {
    switch (effect.do) {
      case 'start':
        this.track(this.start());
        break;
      case 'stop':
        this.track(this.stop());
        break;
      case 'read':
        void this.read();
        break;
      case 'checkIn': {
        const timer = setTimeout(() => {
          this.timers.delete(timer);
          this.send({ type: 'check' });
        }, effect.ms);
        this.timers.add(timer);
        break;
      }
      case 'say':
        announceRecording(effect.message, effect.kind);
        break;
    }
  }

  /** `leave` waits for the call under way and for the one that its answer brings. */
  private track(work: Promise<void>): void {
    const tracked = work.finally(() => {
      if (this.stopping === tracked) this.stopping = undefined;
    });
    this.stopping = tracked;
  }

  private async start(): Promise<void> {
    try {
      const { recordingId } = await recordingsApi.start(this.options.meetingId);
      this.send({ type: 'startOk', recordingId });
    } catch (error) {
      this.send({ type: isConflict(error) ? 'startInProgress' : 'startFailed' });
    }
  }

  private async stop(): Promise<void> {
    try {
      const { recordingsStopped, recordingsNotStopped } = await recordingsApi.stop(this.options.meetingId);
      this.send({ type: 'stopOk', stopped: recordingsStopped, notStopped: recordingsNotStopped });
    } catch (error) {
      const nothing = isConflict(error) || explain(error).text === 'notFound';
      this.send({ type: nothing ? 'stopNothing' : 'stopFailed' });
    }
  }

  private async read(): Promise<void> {
    const now = await this.ask();
    this.send(now ? { type: 'server', ...now } : { type: 'serverUnknown' });
  }

  /** Nothing when the server cannot be asked. */
  private async ask(): Promise<{ inProgress: boolean; recordingId: string | undefined } | undefined> {
    try {
      const { contacts } = await agentApi.state();
      const meeting = contacts.find(({ contactId }) => contactId === this.options.contactId)?.meeting;
      if (meeting) return { inProgress: meeting.recording?.inProgress ?? false, recordingId: meeting.recording?.recordingId };
      // In after-contact work the agent's state says nothing of the meeting: the known recorder's presence counts.
      const { recordingId, present } = this.state;
      return { inProgress: recordingId !== undefined && present, recordingId };
    } catch {
      return undefined;
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}
