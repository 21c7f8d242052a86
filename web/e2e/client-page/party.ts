// What the test page offers to the tests; both sides import these types.

export interface Reading {
  run: string;
  participant: number;
  screen: boolean;
  clockMs: number;
  width: number;
  height: number;
}

export interface TileReading {
  attendeeId: string;
  content: boolean;
  reading: Reading | null;
}

export interface JoinOptions {
  meeting: object;
  attendee: object;
  run: string; // 16 hexadecimal digits
  participant: number;
  microphone: boolean;
  camera: { width: number; height: number; fps: number } | null;
  codecs?: string[]; // names of the client's VideoCodecCapability, the first preferred; absent: its own preferences
  simulcast?: boolean; // the camera in several sizes at once
  chooses?: boolean; // says by prefer() what it wants to see, and leaves it to the server what its link carries
}

export interface RosterEntry {
  present: boolean;
  muted: boolean | null;
  loudest: number;
  signal: number | null;
  externalUserId: string;
}

export interface Message {
  topic: string;
  text: string;
  from: string; // the sender's external user id
  throttled: boolean;
}

export interface PartyState {
  starts: number; // first start and every successful reconnect
  reconnects: number; // attempts
  stopped: number | null; // MeetingSessionStatusCode
  roster: Record<string, RosterEntry>;
  codes: number[];
  messages: Message[];
}

export type TileSize = 'Low' | 'Medium' | 'High' | 'Maximum';

export interface Party {
  join(options: JoinOptions): Promise<void>;
  state(): PartyState;
  readings(): TileReading[];
  heard(): Promise<number[]>; // 10 ms of sound so far, by participant
  mute(muted: boolean): void;
  cameraOn(on: boolean): Promise<void>;
  prefer(attendeeId: string, size: TileSize): void;
  share(): Promise<void>;
  unshare(): void;
  say(topic: string, text: string, lifetimeMs?: number): void;
  leave(): void;
  stats(): Promise<unknown[]>;
}
