// One call's media by the vendor's client, unmodified. Import it dynamically, when a call begins: it brings the library.
import {
  type AudioVideoFacade,
  type AudioVideoObserver,
  type ContentShareObserver,
  ConsoleLogger,
  DefaultActiveSpeakerPolicy,
  DefaultDeviceController,
  DefaultMeetingSession,
  LogLevel,
  MeetingSessionConfiguration,
  type MeetingSessionStatus,
  type VideoTileState,
} from 'amazon-chime-sdk-js';
import { deviceProblem, QUALITIES } from './devices';
import { endReasonOf } from './end-reason';
import { isContentId, Roster } from './roster';
import type { DeviceKind, EndReason, JoinInfo, JoinOptions, MediaSession, MediaSnapshot, QualityId } from './types';

const FPS_OF_SHARE = 15;

/** Resolves when joining has begun; `snapshot.phase` tells how it goes on. Devices that fail become `problem`s. */
export async function joinMedia(join: JoinInfo, options: JoinOptions): Promise<MediaSession> {
  const session = new ChimeMedia(join, options);
  await session.start();
  return session;
}

class ChimeMedia implements MediaSession, AudioVideoObserver, ContentShareObserver {
  private readonly av: AudioVideoFacade;
  private readonly roster: Roster;
  private readonly devices: DefaultDeviceController;
  private readonly sound = document.createElement('audio');
  private readonly listeners = new Set<(snapshot: MediaSnapshot) => void>();
  private state: MediaSnapshot;
  private scheduled = false;
  private camera: string | null;
  private quality: QualityId;

  constructor(
    join: JoinInfo,
    private readonly options: JoinOptions,
  ) {
    const logger = new ConsoleLogger('media', LogLevel.OFF);
    this.devices = new DefaultDeviceController(logger);
    const configuration = new MeetingSessionConfiguration(join.Meeting, join.Attendee);
    this.av = new DefaultMeetingSession(configuration, logger, this.devices).audioVideo;
    this.roster = new Roster(join.Attendee.AttendeeId);
    this.camera = options.camera;
    this.quality = options.quality;
    this.state = {
      phase: 'connecting',
      endReason: undefined,
      attendees: [],
      tiles: [],
      activeSpeaker: undefined,
      muted: options.muted || options.microphone === null,
      hasMicrophone: false,
      cameraOn: false,
      sharing: false,
      speakerOn: true,
      soundBlocked: false,
      poorConnection: false,
      problem: undefined,
    };
  }

  get snapshot(): MediaSnapshot {
    return this.state;
  }

  subscribe(listener: (snapshot: MediaSnapshot) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async start(): Promise<void> {
    const { av, options } = this;
    av.addObserver(this);
    av.addContentShareObserver(this);
    av.realtimeSubscribeToAttendeeIdPresence(this.onPresence);
    av.realtimeSubscribeToMuteAndUnmuteLocalAudio((muted) => this.set({ muted }));
    av.subscribeToActiveSpeakerDetector(new DefaultActiveSpeakerPolicy(), (ids) =>
      this.set({ activeSpeaker: ids.find((id) => !isContentId(id)) }),
    );
    this.applyQuality();
    if (options.microphone !== null) {
      await this.attempt('microphone', async () => {
        await av.startAudioInput(options.microphone as string);
        this.set({ hasMicrophone: true });
      });
    }
    if (options.speaker) await this.attempt('speaker', () => av.chooseAudioOutput(options.speaker));
    this.sound.addEventListener('playing', () => this.set({ soundBlocked: false }));
    await av.bindAudioElement(this.sound).catch(() => undefined);
    if (options.muted || !this.state.hasMicrophone) av.realtimeMuteLocalAudio();
    av.start();
    if (options.cameraOn) await this.setCameraOn(true);
  }

  async setMuted(muted: boolean): Promise<void> {
    if (muted) {
      this.av.realtimeMuteLocalAudio();
      return;
    }
    if (!this.state.hasMicrophone) await this.useMicrophone(this.options.microphone ?? 'default');
    if (this.state.hasMicrophone) this.av.realtimeUnmuteLocalAudio();
  }

  async setCameraOn(on: boolean): Promise<void> {
    if (!on) {
      this.av.stopLocalVideoTile();
      await this.av.stopVideoInput();
      this.set({ cameraOn: false });
      return;
    }
    await this.attempt('camera', async () => {
      const cameras = await this.devices.listVideoInputDevices();
      const known = cameras.some((device) => device.deviceId === this.camera);
      const device = known ? this.camera : (cameras[0]?.deviceId ?? null);
      if (device === null) throw new DOMException('no camera', 'NotFoundError');
      // Before the browser may tell one from another, all have the name '', which the library takes for no camera at all.
      await this.av.startVideoInput(device === '' ? { facingMode: 'user' } : device);
      this.av.startLocalVideoTile();
      this.set({ cameraOn: true });
    });
  }

  setSpeakerOn(on: boolean): void {
    this.sound.muted = !on;
    this.set({ speakerOn: on });
  }

  async unblockSound(): Promise<void> {
    await this.sound.play();
    this.set({ soundBlocked: false });
  }

  async useMicrophone(deviceId: string): Promise<void> {
    await this.attempt('microphone', async () => {
      await this.av.startAudioInput(deviceId);
      this.set({ hasMicrophone: true });
    });
  }

  async useCamera(deviceId: string): Promise<void> {
    this.camera = deviceId;
    if (this.state.cameraOn) await this.attempt('camera', () => this.av.startVideoInput(deviceId));
  }

  async useSpeaker(deviceId: string): Promise<void> {
    await this.attempt('speaker', () => this.av.chooseAudioOutput(deviceId));
  }

  async useQuality(quality: QualityId): Promise<void> {
    this.quality = quality;
    this.applyQuality();
    if (this.state.cameraOn) await this.setCameraOn(true);
  }

  async startShare(): Promise<void> {
    try {
      await this.av.startContentShareFromScreenCapture(undefined, FPS_OF_SHARE);
      this.set({ sharing: true, problem: undefined });
    } catch (error) {
      // Closing the browser's picker is a choice, not a fault.
      if (deviceProblem(error) !== 'denied') this.set({ problem: { device: 'share', problem: deviceProblem(error) } });
      this.set({ sharing: false });
    }
  }

  stopShare(): void {
    this.av.stopContentShare();
  }

  bindTile(tileId: number, element: HTMLVideoElement): () => void {
    this.av.bindVideoElement(tileId, element);
    return () => {
      if (this.av.getVideoTile(tileId)?.state().boundVideoElement === element) this.av.unbindVideoElement(tileId);
    };
  }

  clearProblem(): void {
    this.set({ problem: undefined });
  }

  async leave(reason: EndReason = 'left'): Promise<void> {
    // First, so that the library's own closing status does not speak before.
    this.finish(reason);
    this.av.stopContentShare();
    this.av.stopLocalVideoTile();
    await Promise.allSettled([this.av.stopVideoInput(), this.av.stopAudioInput()]);
    this.av.stop();
    await this.devices.destroy().catch(() => undefined);
  }

  // What the library tells.

  audioVideoDidStartConnecting(reconnecting: boolean): void {
    this.set({ phase: reconnecting ? 'reconnecting' : 'connecting' });
  }

  audioVideoDidStart(): void {
    this.set({ phase: 'connected', poorConnection: false });
    void this.checkSound();
  }

  audioVideoDidStop(status: MeetingSessionStatus): void {
    this.finish(endReasonOf(status.statusCode()));
    void Promise.allSettled([this.av.stopVideoInput(), this.av.stopAudioInput()]);
  }

  videoTileDidUpdate(tile: VideoTileState): void {
    if (tile.tileId === null || !tile.boundAttendeeId) return;
    if (tile.localTile && !tile.active && !tile.boundVideoStream) return this.videoTileWasRemoved(tile.tileId);
    this.roster.tile(tile.tileId, tile.boundAttendeeId, tile.isContent, tile.localTile);
    this.publishSoon();
  }

  videoTileWasRemoved(tileId: number): void {
    this.roster.tileGone(tileId);
    this.publishSoon();
  }

  connectionDidBecomePoor(): void {
    this.set({ poorConnection: true });
  }

  connectionDidBecomeGood(): void {
    this.set({ poorConnection: false });
  }

  contentShareDidStart(): void {
    this.set({ sharing: true });
  }

  /** Also when the person ends the share in the browser's own bar. */
  contentShareDidStop(): void {
    this.set({ sharing: false });
  }

  private readonly onPresence = (attendeeId: string, present: boolean, externalUserId?: string): void => {
    if (isContentId(attendeeId)) return;
    if (present) {
      this.roster.present(attendeeId, externalUserId ?? '');
      this.av.realtimeSubscribeToVolumeIndicator(attendeeId, this.onVolume);
    } else {
      this.roster.absent(attendeeId);
      this.av.realtimeUnsubscribeFromVolumeIndicator(attendeeId, this.onVolume);
    }
    this.publishSoon();
  };

  private readonly onVolume = (id: string, volume: number | null, muted: boolean | null, signal: number | null): void => {
    if (this.roster.volume(id, { volume, muted, signal })) this.publishSoon();
  };

  private async checkSound(): Promise<void> {
    try {
      await this.sound.play();
    } catch (error) {
      if ((error as DOMException).name === 'NotAllowedError') this.set({ soundBlocked: true });
    }
  }

  private applyQuality(): void {
    const { width, height, frameRate, maxKbps } = QUALITIES[this.quality];
    this.av.chooseVideoInputQuality(width, height, frameRate);
    this.av.setVideoMaxBandwidthKbps(maxKbps);
  }

  private async attempt(device: DeviceKind, open: () => Promise<unknown>): Promise<void> {
    try {
      await open();
      if (this.state.problem?.device === device) this.set({ problem: undefined });
    } catch (error) {
      this.set({ problem: { device, problem: deviceProblem(error) } });
    }
  }

  private finish(endReason: EndReason): void {
    if (this.state.phase === 'ended') return;
    this.roster.clear();
    this.set({ phase: 'ended', endReason, attendees: [], tiles: [], sharing: false, cameraOn: false, activeSpeaker: undefined });
  }

  private set(change: Partial<MediaSnapshot>): void {
    this.state = { ...this.state, ...change };
    for (const listener of [...this.listeners]) listener(this.state);
  }

  /** Callbacks come in bunches: one change for all of a moment. */
  private publishSoon(): void {
    if (this.scheduled || this.state.phase === 'ended') return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      if (this.state.phase !== 'ended') this.set({ attendees: this.roster.attendees(), tiles: this.roster.tiles() });
    });
  }
}
