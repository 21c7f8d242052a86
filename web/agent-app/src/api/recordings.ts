import { session } from '../session/session';

export type RecordingStatus = 'requested' | 'starting' | 'recording' | 'stopping' | 'composing' | 'stored' | 'failed';

export interface RecordingSummary {
  recordingId: string;
  createdAt: string;
  endedAt?: string;
  durationMs?: number;
  sizeBytes?: number;
  status: RecordingStatus;
  reason?: string;
  progress?: { capturedSeconds: number; composedSeconds: number };
  recordingURL?: string;
}

const PATH = '/api/recording/recording';

export const recordingsApi = {
  start: (externalMeetingId: string) => session.data<{ recordingId: string }>(PATH, { body: { externalMeetingId } }),
  stop: (externalMeetingId: string) =>
    session.data<{ recordingsStopped: number; recordingsNotStopped: number }>(PATH, {
      method: 'DELETE',
      body: { externalMeetingId },
      keepalive: true,
    }),
  summary: (externalMeetingId: string) =>
    session.data<RecordingSummary[]>(`/api/recording/recording-summary?${new URLSearchParams({ externalMeetingId })}`),
};
