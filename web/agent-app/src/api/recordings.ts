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
  /** HLS playlist of what there is of the film while it is being made. */
  liveURL?: string;
}

const OWN_FILMS = ['/api/recording/media/', '/api/recording/live/'];

export type HealthKind = 'truncated' | 'damaged' | 'length' | 'av_offset' | 'black' | 'frozen' | 'silent' | 'gap';

interface Span {
  fromMs: number;
  untilMs: number;
}

/** The part of a film's manifest that its page shows. Times are the film's. */
export interface FilmManifest {
  film: { durationMs: number };
  participants: { attendeeId: string; name: string; spans: { joinedMs: number; leftMs: number }[] }[];
  pauses: Span[];
  forgotten?: Span[];
  gaps: Span[];
  /** `check`: once the film was looked at. */
  health: { check?: { findings: { kind: HealthKind; severity: 'warning' | 'alarm'; atMs: number }[] } };
}

/** A film of this server, under the name by which the page itself was opened: the policy allows no other. */
export function filmAddress(url: string, page: string = location.href): string {
  const { pathname, search } = new URL(url, page);
  return OWN_FILMS.some((path) => pathname.startsWith(path)) ? new URL(pathname + search, page).href : url;
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
  pause: (externalMeetingId: string) => session.data<{ resumesInMs: number }>('/api/recording/pause', { body: { externalMeetingId } }),
  resume: (externalMeetingId: string) => session.data<unknown>('/api/recording/resume', { body: { externalMeetingId } }),
  /** What was said in the last seconds is destroyed. */
  forget: (externalMeetingId: string, seconds: number) =>
    session.data<unknown>('/api/recording/forget', { body: { externalMeetingId, seconds } }),
  manifest: async (recordingId: string): Promise<FilmManifest> =>
    (await session.request<{ manifest: FilmManifest }>(`/api/recording/manifest/${encodeURIComponent(recordingId)}`)).manifest,
  summary: async (externalMeetingId: string): Promise<RecordingSummary[]> => {
    const query = new URLSearchParams({ externalMeetingId });
    const list = await session.data<RecordingSummary[]>(`/api/recording/recording-summary?${query}`);
    return list.map((one) => ({
      ...one,
      ...(one.recordingURL ? { recordingURL: filmAddress(one.recordingURL) } : {}),
      ...(one.liveURL ? { liveURL: filmAddress(one.liveURL) } : {}),
    }));
  },
};
