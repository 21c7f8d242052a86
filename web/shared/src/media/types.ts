// What a page sees of a call's media. No line of the media library is imported here, so pages can know the types
// before the library is loaded.

import type { Figures } from './figures';

/** createMeeting's or attendee-join-data's JoinInfo, as the media library takes it. */
export interface JoinInfo {
  Meeting: { MeetingId: string; ExternalMeetingId?: string; [key: string]: unknown };
  Attendee: { AttendeeId: string; ExternalUserId: string; JoinToken: string };
}

/** As the server knows it. Whoever has the name of the recording is not therefore the recording. */
export type AttendeeRole = 'owner' | 'customer' | 'recording' | 'other';

/** What the server tells of somebody in the call. */
export interface AttendeeFacts {
  name: string;
  role: AttendeeRole;
}

export type MediaPhase = 'connecting' | 'connected' | 'reconnecting' | 'ended';

/** Why a call is over for this page. */
export type EndReason =
  | 'left' // this page left
  | 'ended' // the meeting was ended for everybody
  | 'removed' // this attendee was taken out
  | 'elsewhere' // the same attendee joined from another place
  | 'refused' // the join data are not valid (any more)
  | 'full' // no more room
  | 'network' // the connection could not be kept
  | 'failed'; // anything else

/** 0 none, 1 weak, 2 good; undefined until the server has told. */
export type Signal = 0 | 1 | 2;

export interface Attendee {
  attendeeId: string;
  externalUserId: string;
  isSelf: boolean;
  muted: boolean;
  /** 0 (quiet) to 4 (loud). */
  level: number;
  signal: Signal | undefined;
  cameraOn: boolean;
  sharing: boolean;
}

export interface Tile {
  tileId: number;
  /** Of the person, also for a content share. */
  attendeeId: string;
  kind: 'camera' | 'content';
  isSelf: boolean;
}

/**
 * A device that could not be opened during the call, or what happened to one that was open: `replaced` by another because it
 * is gone, `lost` without a replacement, `silenced` by a switch of its own or by the system.
 */
export type MediaProblem =
  | { device: 'microphone'; problem: DeviceProblem | 'replaced' | 'silenced' }
  | { device: 'camera'; problem: DeviceProblem | 'lost' }
  | { device: 'speaker'; problem: DeviceProblem | 'replaced' }
  | { device: 'share'; problem: DeviceProblem };

/** Why a camera or microphone cannot be used, as people can act on it. */
export type DeviceProblem = 'denied' | 'missing' | 'busy' | 'insecure' | 'unsupported' | 'unknown';

/** Immutable: each change is a new object. */
export interface MediaSnapshot {
  phase: MediaPhase;
  endReason: EndReason | undefined;
  attendees: readonly Attendee[];
  tiles: readonly Tile[];
  /** The loudest at the moment, by attendee id. */
  activeSpeaker: string | undefined;
  muted: boolean;
  /** False when the call was joined without a microphone. */
  hasMicrophone: boolean;
  cameraOn: boolean;
  sharing: boolean;
  speakerOn: boolean;
  /** The browser waits for a click before it plays sound. */
  soundBlocked: boolean;
  /** This side's, as it has been for a moment. */
  ownSignal: Signal;
  problem: MediaProblem | undefined;
}

export type QualityId = '360p' | '540p' | '720p';

export interface JoinOptions {
  /** Device ids; null: without one. */
  microphone: string | null;
  camera: string | null;
  speaker: string | null;
  quality: QualityId;
  muted: boolean;
  cameraOn: boolean;
}

export interface MediaSession {
  readonly snapshot: MediaSnapshot;
  subscribe(listener: (snapshot: MediaSnapshot) => void): () => void;
  /** Measured once a second, only while somebody listens. */
  watchFigures(listener: (figures: Figures) => void): () => void;
  setMuted(muted: boolean): Promise<void>;
  setCameraOn(on: boolean): Promise<void>;
  setSpeakerOn(on: boolean): void;
  /** To be called from a click when `soundBlocked`. */
  unblockSound(): Promise<void>;
  useMicrophone(deviceId: string): Promise<void>;
  useCamera(deviceId: string): Promise<void>;
  /** On a phone: from the one that looks at the person to the one that looks ahead, and back. */
  turnCamera(): Promise<void>;
  useSpeaker(deviceId: string): Promise<void>;
  useQuality(quality: QualityId): Promise<void>;
  startShare(): Promise<void>;
  stopShare(): void;
  /** Shows a tile in an element until the returned function is called. */
  bindTile(tileId: number, element: HTMLVideoElement): () => void;
  clearProblem(): void;
  /** What brings one back as one is: for a reload. */
  current(): JoinOptions;
  /** `reason` is what the snapshot then says, for a page that has just ended the meeting. */
  leave(reason?: EndReason): Promise<void>;
}
