import { session } from '../session/session';

export type RunState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'timedOut' | 'stopped' | 'interrupted' | 'skipped';

export interface Stage {
  name: string;
  state: RunState;
  message: string;
  started?: string;
  ended?: string;
}

export interface Run {
  number: number;
  branch: string;
  commit: string;
  author: string;
  subject: string;
  by: string;
  stage: string;
  state: RunState;
  message: string;
  queued: string;
  started?: string;
  ended?: string;
  retryOf?: number;
  over: boolean;
  stages: Stage[];
}

export interface PipelineFacts {
  initialized: boolean;
  repository: string;
  branch: string;
  stage: string;
  username: string;
  userActive: boolean;
  url: string;
}

export interface LogPiece {
  text: string;
  /** The byte to go on at. */
  next: number;
  /** Nothing comes any more. */
  over: boolean;
}

const runPath = (number: number) => `/api/pipeline/runs/${number}`;

export const pipelineApi = {
  facts: () => session.data<PipelineFacts>('/api/pipeline'),
  runs: (before?: number) => session.data<{ runs: Run[]; next?: number }>(`/api/pipeline/runs${before ? `?before=${before}` : ''}`),
  run: (number: number) => session.data<Run>(runPath(number)),
  log: (number: number, stage: string, from: number) =>
    session.data<LogPiece>(`${runPath(number)}/log?stage=${encodeURIComponent(stage)}&from=${from}`),
  retry: (number: number) => session.data<Run>(`${runPath(number)}/retry`, { method: 'POST' }),
  stop: (number: number) => session.data<Run>(`${runPath(number)}/stop`, { method: 'POST' }),
};
