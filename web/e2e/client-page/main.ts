// The vendor's client, unmodified, with as little around it as it takes to watch it. Tests call window.party.
import {
  ConsoleLogger,
  DefaultDeviceController,
  DefaultMeetingSession,
  LogLevel,
  MeetingSessionConfiguration,
  TargetDisplaySize,
  VideoCodecCapability,
  VideoPreference,
  VideoPreferences,
  VideoPriorityBasedPolicy,
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

const state: PartyState = { starts: 0, reconnects: 0, stopped: null, roster: {}, codes: [], messages: [] };
const videos = new Map<number, { tile: VideoTileState; element: HTMLVideoElement }>();
let session: MeetingSession | undefined;
let heard: number[] | null = null;
let listened: MediaStream | null = null;
let audioRuns = false;
let held: MediaStream | undefined;
let options: JoinOptions | undefined;
let policy: VideoPriorityBasedPolicy | undefined;

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

// Without a sound card Firefox starts no AudioContext.
async function doesAudioRun(): Promise<boolean> {
  const audio = new AudioContext();
  await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 1000))]);
  const runs = audio.state === 'running';
  void audio.close().catch(() => undefined);
  return runs;
}

// Then what the decoder has put out is the measure, of all together: a beep has an energy of 1/8 a second.
async function heardEnergy(): Promise<number> {
  for (const entry of (await session?.audioVideo.getRTCPeerConnectionStats())?.values() ?? []) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') return (entry.totalAudioEnergy ?? 0) / (0.01 / 8);
  }
  return 0;
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
  for (const topic of ['chat', 'poll']) {
    s.audioVideo.realtimeSubscribeToReceiveDataMessage(topic, (message) =>
      void state.messages.push({ topic: message.topic, text: message.text(), from: message.senderExternalUserId, throttled: message.throttled }));
  }
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
    // A device that is in use, as in a real call: without one, browsers hide their addresses.
    held = await navigator.mediaDevices.getUserMedia({ audio: true });
    audioRuns = await doesAudioRun();
    const logger = new ConsoleLogger('client', LogLevel.WARN);
    const configuration = new MeetingSessionConfiguration(wanted.meeting, wanted.attendee);
    configuration.enableSimulcastForUnifiedPlanChromiumBasedBrowsers = wanted.simulcast ?? false;
    if (wanted.chooses) configuration.videoDownlinkBandwidthPolicy = policy = new VideoPriorityBasedPolicy(logger);
    const s = new DefaultMeetingSession(configuration, logger, new DefaultDeviceController(logger));
    session = s;
    watch(s);
    const sound = document.getElementById('sound') as HTMLAudioElement;
    await s.audioVideo.bindAudioElement(sound);
    if (wanted.microphone) await s.audioVideo.startAudioInput(audioRuns ? upcallPattern.microphone(wanted) : held);
    if (wanted.camera) await s.audioVideo.startVideoInput(upcallPattern.camera({ ...wanted, ...wanted.camera }));
    if (wanted.codecs) {
      s.audioVideo.setVideoCodecSendPreferences?.(wanted.codecs.map((name) => (name === 'VP9' ? VideoCodecCapability.vp9Profile0()
        : name === 'H264' ? VideoCodecCapability.h264ConstrainedBaselineProfile() : VideoCodecCapability.vp8())));
    }
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
  async heard() {
    if (!audioRuns) return new Array<number>(16).fill(await heardEnergy());
    const sound = document.getElementById('sound') as HTMLAudioElement;
    // The client sets a new stream when it reconnects: the ear follows the element.
    if (sound.srcObject instanceof MediaStream && sound.srcObject !== listened && sound.srcObject.getAudioTracks().length > 0) {
      listened = sound.srcObject;
      heard = upcallPattern.listen(listened);
    }
    return heard ?? new Array<number>(16).fill(0);
  },
  mute(muted) {
    if (muted) the().audioVideo.realtimeMuteLocalAudio();
    else the().audioVideo.realtimeUnmuteLocalAudio();
  },
  async cameraOn(on) {
    if (!on) return the().audioVideo.stopVideoInput();
    await the().audioVideo.startVideoInput(upcallPattern.camera({ ...options, ...options?.camera }));
    the().audioVideo.startLocalVideoTile();
  },
  prefer(attendeeId, size) {
    if (policy === undefined) throw new Error('it does not choose');
    const preferences = VideoPreferences.prepare();
    preferences.add(new VideoPreference(attendeeId, 1, TargetDisplaySize[size]));
    policy.chooseRemoteVideoSources(preferences.build());
  },
  async share() {
    await the().audioVideo.startContentShare(
      upcallPattern.camera({ ...options, width: 1280, height: 720, fps: 5, screen: true }),
    );
  },
  unshare: () => the().audioVideo.stopContentShare(),
  say(topic, text, lifetimeMs) {
    the().audioVideo.realtimeSendDataMessage(topic, text, lifetimeMs);
  },
  leave() {
    the().audioVideo.stop();
    held?.getTracks().forEach((track) => track.stop());
  },
  async stats() {
    const report = await session?.audioVideo.getRTCPeerConnectionStats();
    return report === undefined ? [] : [...report.values()];
  },
};

Object.assign(window, { party });
