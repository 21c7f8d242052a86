// Does what the pause machine asks for: calls the server, waits, tells the agent.
import { ApiError } from '@upcall/shared/api/http';
import { agentApi } from '../api/agent';
import { recordingsApi } from '../api/recordings';
import { announcePause } from './announce';
import { NOT_PAUSED, type PauseEffect, type PauseEvent, type PauseState, stepPause } from './pause-machine';

export interface PauseDriverOptions {
  meetingId: string;
  contactId: string | undefined;
  /** Seconds that can be taken back at most. */
  forgetMost: number;
  onState: (state: PauseState) => void;
}

export class PauseDriver {
  private state = NOT_PAUSED;
  private closed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: PauseDriverOptions) {}

  send(event: PauseEvent): void {
    if (this.closed) return;
    const { state, effects } = stepPause(this.state, event);
    if (state !== this.state) {
      this.state = state;
      this.options.onState(state);
    }
    for (const effect of effects) this.perform(effect);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private perform(effect: PauseEffect): void {
    switch (effect.do) {
      case 'pause':
        void this.ask(async () => ({ type: 'pauseOk', resumesAt: Date.now() + (await recordingsApi.pause(this.options.meetingId)).resumesInMs }));
        break;
      case 'resume':
        void this.ask(async () => {
          await recordingsApi.resume(this.options.meetingId);
          return { type: 'resumeOk' };
        });
        break;
      case 'forget':
        void this.forget(effect.seconds);
        break;
      case 'read':
        void this.read();
        break;
      case 'wakeAt':
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.send({ type: 'woken', now: Date.now() }), Math.max(0, effect.at - Date.now()));
        break;
      case 'say':
        announcePause(effect.message, effect.kind, effect.seconds);
        break;
    }
  }

  private async forget(seconds: number): Promise<void> {
    const wanted = Math.min(seconds, this.options.forgetMost);
    await this.ask(async () => {
      await recordingsApi.forget(this.options.meetingId, wanted);
      return { type: 'forgotten', seconds: wanted };
    });
  }

  private async ask(question: () => Promise<PauseEvent>): Promise<void> {
    try {
      this.send(await question());
    } catch (error) {
      this.send({ type: 'failed', refused: error instanceof ApiError && error.status === 403 });
    }
  }

  private async read(): Promise<void> {
    try {
      const { contacts } = await agentApi.state();
      const recording = contacts.find(({ contactId }) => contactId === this.options.contactId)?.meeting?.recording;
      if (!recording?.inProgress) return;
      const { resumesInMs } = recording;
      this.send({ type: 'server', resumesAt: resumesInMs === undefined ? undefined : Date.now() + resumesInMs });
    } catch {
      // Whoever waits for the end of a pause asks again.
    }
  }
}
