// How people in calls fare, as the server judges it: live, and kept with a contact.

export const REASONS = [
  'gone', 'narrow_up', 'narrow_down', 'loss_up', 'loss_down', 'delay', 'jitter', 'sound_gaps', 'picture_freezes', 'few_frames', 'camera_still', 'busy_device',
] as const;
export type ReasonCode = (typeof REASONS)[number];

export interface Reason {
  /** A later server may know more of them. */
  code: string;
  value: number;
}

/** 1 bad to 5 good; what was not measured is absent. */
export interface PersonQuality {
  attendeeId: string;
  externalUserId: string;
  score: number;
  sound?: number;
  picture?: number;
  reason?: Reason;
  rttMs?: number;
  jitterMs: number;
  lossUpPercent?: number;
  lossDownPercent?: number;
  upKbps?: number;
  downKbps?: number;
  sentKbps: number;
  receivedKbps: number;
  fps?: number;
  frozenPercent: number;
  soundGapsPercent?: number;
  cpuPressure?: number;
  clientTells: boolean;
}

/** One person in one call, from joining to leaving. */
export interface Stay {
  meetingId: string;
  attendeeId: string;
  name: string;
  role: string;
  beganAt: string;
  stepMs: number;
  columns: string[];
  /** A row of `columns` each; null: not there. */
  points: ((number | string)[] | null)[];
  events: { atMs: number; kind: string }[];
  summary: { meanScore: number; worstScore: number; presentMs: number; badMs: number; reason?: string };
}

export type Band = 'good' | 'fair' | 'poor' | 'bad';

export function bandOf(score: number): Band {
  return score >= 4 ? 'good' : score >= 3 ? 'fair' : score >= 2 ? 'poor' : 'bad';
}

export function isReason(code: string | undefined): code is ReasonCode {
  return REASONS.some((known) => known === code);
}
