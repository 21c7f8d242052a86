// One call's media by the vendor's client, unmodified. Import it dynamically, when a call begins: it brings the library.
import {
  type AudioVideoFacade,
  type AudioVideoObserver,
  type ClientMetricReport,
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
import { endReasonOf } from './end-reason';
import { type Figures, figuresOf } from './figures';
import { Inputs } from './inputs';
import { isContentId, Roster } from './roster';
import { Steady } from './steady';
import type { EndReason, JoinInfo, JoinOptions, MediaSession, MediaSnapshot, QualityId, Signal } from './types';

/** A weak connection is told soon, a good one again when it can be trusted. */
const WORSE_AFTER_MS = 2_000;
const BETTER_AFTER_MS = 5_000;

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
  private readonly inputs: Inputs;
  private readonly sound = document.createElement('audio');
  private readonly listeners = new Set<(snapshot: MediaSnapshot) => void>();
  private state: MediaSnapshot;
  private readonly figureListeners = new Set<(figures: Figures) => void>();
  private readonly ownSignal = new Steady<Signal>(2, (next, now) => (next < now ? WORSE_AFTER_MS : BETTER_AFTER_MS), (ownSignal) => this.set({ ownSignal }));
  /** The library's own opinion, from what it sends and receives. */
  private isPoor = false;
  private scheduled = false;

  constructor(
    private readonly join: JoinInfo,
    private readonly options: JoinOptions,
  ) {
    const logger = new ConsoleLogger('media', LogLevel.OFF);
    this.devices = new DefaultDeviceController(logger);
    const configuration = new MeetingSessionConfiguration(join.Meeting, join.Attendee);
    this.av = new DefaultMeetingSession(configuration, logger, this.devices).audioVideo;
    this.roster = new Roster(join.Attendee.AttendeeId);
    this.inputs = new Inputs(this.av, { get: () => this.state, set: (change) => this.set(change) }, options);
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
      ownSignal: 2,
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

  watchFigures(listener: (figures: Figures) => void): () => void {
    this.figureListeners.add(listener);
    return () => this.figureListeners.delete(listener);
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
    await this.inputs.open();
    this.sound.addEventListener('playing', () => this.set({ soundBlocked: false }));
    await av.bindAudioElement(this.sound).catch(() => undefined);
    if (options.muted || !this.state.hasMicrophone) av.realtimeMuteLocalAudio();
    av.start();
    if (options.cameraOn) await this.inputs.setCameraOn(true);
  }

  setMuted = (muted: boolean): Promise<void> => this.inputs.setMuted(muted);
  setCameraOn = (on: boolean): Promise<void> => this.inputs.setCameraOn(on);
  useMicrophone = (deviceId: string): Promise<void> => this.inputs.useMicrophone(deviceId);
  useCamera = (deviceId: string): Promise<void> => this.inputs.useCamera(deviceId);
  turnCamera = (): Promise<void> => this.inputs.turnCamera();
  useSpeaker = (deviceId: string): Promise<void> => this.inputs.useSpeaker(deviceId);
  useQuality = (quality: QualityId): Promise<void> => this.inputs.useQuality(quality);
  startShare = (): Promise<void> => this.inputs.startShare();
  stopShare = (): void => this.av.stopContentShare();

  setSpeakerOn(on: boolean): void {
    this.sound.muted = !on;
    this.set({ speakerOn: on });
  }

  async unblockSound(): Promise<void> {
    await this.sound.play();
    this.set({ soundBlocked: false });
  }

  bindTile(tileId: number, element: HTMLVideoElement): () => void {
    this.av.bindVideoElement(tileId, element);
    return () => {
      if (this.av.getVideoTile(tileId)?.state().boundVideoElement === element) this.av.unbindVideoElement(tileId);
    };
  }

  current(): JoinOptions {
    const { muted, cameraOn } = this.state;
    return { ...this.inputs.chosen, muted, cameraOn };
  }

  clearProblem(): void {
    this.set({ problem: undefined });
  }

  async leave(reason: EndReason = 'left'): Promise<void> {
    // First, so that the library's own closing status does not speak before.
    this.finish(reason);
    await this.inputs.close();
    this.av.stop();
    await this.devices.destroy().catch(() => undefined);
  }

  // What the library tells.

  audioVideoDidStartConnecting(reconnecting: boolean): void {
    this.set({ phase: reconnecting ? 'reconnecting' : 'connecting' });
  }

  audioVideoDidStart(): void {
    this.set({ phase: 'connected' });
    void this.checkSound();
  }

  audioVideoDidStop(status: MeetingSessionStatus): void {
    this.finish(endReasonOf(status.statusCode()));
    void this.inputs.close();
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
    this.isPoor = true;
    this.lookAtOwnSignal();
  }

  connectionDidBecomeGood(): void {
    this.isPoor = false;
    this.lookAtOwnSignal();
  }

  metricsDidReceive(report: ClientMetricReport): void {
    if (this.figureListeners.size === 0) return;
    const figures = figuresOf(report.getObservableMetrics(), report.getObservableVideoMetrics(), this.join.Attendee.AttendeeId);
    for (const listener of [...this.figureListeners]) listener(figures);
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
    if (!this.roster.volume(id, { volume, muted, signal })) return;
    this.publishSoon();
    this.lookAtOwnSignal();
  };

  private lookAtOwnSignal(): void {
    const told = this.roster.self?.signal ?? 2;
    this.ownSignal.see(this.isPoor && told === 2 ? 1 : told);
  }

  private async checkSound(): Promise<void> {
    try {
      await this.sound.play();
    } catch (error) {
      if ((error as DOMException).name === 'NotAllowedError') this.set({ soundBlocked: true });
    }
  }

  private finish(endReason: EndReason): void {
    if (this.state.phase === 'ended') return;
    this.roster.clear();
    this.ownSignal.stop();
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
