// The vendor's client, unmodified, with as little around it as it takes to watch it. Tests call window.party.
import {
  ConsoleLogger,
  DefaultDeviceController,
  DefaultMeetingSession,
  LogLevel,
  MeetingSessionConfiguration,
  type MeetingSession,
  type VideoTileState,
} from 'amazon-chime-sdk-js';

import type { JoinOptions, Party, PartyState, Reading } from './party.ts';

declare const upcallPattern: {
  camera(options: object): MediaStream;
  microphone(options: object): MediaStream;
  read(video: HTMLVideoElement): Reading | null;
  listen(stream: MediaStream): number[];
};

const state: PartyState = { starts: 0, reconnects: 0, stopped: null, roster: {}, codes: [] };
const videos = new Map<number, { tile: VideoTileState; element: HTMLVideoElement }>();
let session: MeetingSession | undefined;
let beeps: number[] = [];
let options: JoinOptions | undefined;

function the(): MeetingSession {
  if (session === undefined) throw new Error('not joined');
  return session;
}

function showTile(tile: VideoTileState): void {
  if (tile.tileId === null || tile.localTile || !tile.boundAttendeeId) return;
  let shown = videos.get(tile.tileId);
  if (shown === undefined) {
    const element = document.createElement('video');
    element.muted = true;
    element.playsInline = true;
    document.getElementById('tiles')?.append(element);
    shown = { tile, element };
    videos.set(tile.tileId, shown);
    the().audioVideo.bindVideoElement(tile.tileId, element);
  }
  shown.tile = tile;
}

function watch(s: MeetingSession): void {
  s.audioVideo.addObserver({
    audioVideoDidStart: () => void ++state.starts,
    audioVideoDidStartConnecting: (reconnecting) => void (state.reconnects += reconnecting ? 1 : 0),
    audioVideoDidStop: (status) => {
      state.stopped = status.statusCode();
      state.codes.push(status.statusCode());
    },
    videoTileDidUpdate: showTile,
    videoTileWasRemoved: (id) => {
      videos.get(id)?.element.remove();
      videos.delete(id);
    },
  });
  s.audioVideo.realtimeSubscribeToAttendeeIdPresence((id, present, externalUserId) => {
    const seen = (state.roster[id] ??= { present, muted: null, loudest: 0, signal: null, externalUserId: externalUserId ?? '' });
    seen.present = present;
    if (!present) return;
    s.audioVideo.realtimeSubscribeToVolumeIndicator(id, (_id, volume, muted, signal) => {
      if (volume !== null) seen.loudest = Math.max(seen.loudest, volume);
      if (muted !== null) seen.muted = muted;
      if (signal !== null) seen.signal = signal;
    });
  });
}

const party: Party = {
  async join(wanted) {
    options = wanted;
    const logger = new ConsoleLogger('client', LogLevel.WARN);
    const s = new DefaultMeetingSession(
      new MeetingSessionConfiguration(wanted.meeting, wanted.attendee),
      logger,
      new DefaultDeviceController(logger),
    );
    session = s;
    watch(s);
    const sound = document.getElementById('sound') as HTMLAudioElement;
    await s.audioVideo.bindAudioElement(sound);
    if (wanted.microphone) await s.audioVideo.startAudioInput(upcallPattern.microphone(wanted));
    if (wanted.camera) await s.audioVideo.startVideoInput(upcallPattern.camera({ ...wanted, ...wanted.camera }));
    s.audioVideo.start();
    if (wanted.camera) s.audioVideo.startLocalVideoTile();
  },
  state: () => state,
  readings: () =>
    [...videos.values()].map(({ tile, element }) => ({
      attendeeId: tile.boundAttendeeId ?? '',
      content: tile.isContent,
      reading: upcallPattern.read(element),
    })),
  // The client sets a new stream when it reconnects, so the ear follows the element.
  beeps() {
    const sound = document.getElementById('sound') as HTMLAudioElement;
    if (beeps.length === 0 && sound.srcObject instanceof MediaStream && sound.srcObject.getAudioTracks().length > 0) {
      beeps = upcallPattern.listen(sound.srcObject);
    }
    return beeps;
  },
  forgetSound: () => void (beeps = []),
  mute(muted) {
    if (muted) the().audioVideo.realtimeMuteLocalAudio();
    else the().audioVideo.realtimeUnmuteLocalAudio();
  },
  async cameraOn(on) {
    if (!on) return the().audioVideo.stopVideoInput();
    await the().audioVideo.startVideoInput(upcallPattern.camera({ ...options, ...options?.camera }));
    the().audioVideo.startLocalVideoTile();
  },
  async share() {
    await the().audioVideo.startContentShare(
      upcallPattern.camera({ ...options, width: 1280, height: 720, fps: 5, screen: true }),
    );
  },
  unshare: () => the().audioVideo.stopContentShare(),
  leave: () => the().audioVideo.stop(),
  async stats() {
    const report = await session?.audioVideo.getRTCPeerConnectionStats();
    return report === undefined ? [] : [...report.values()];
  },
};

Object.assign(window, { party });
