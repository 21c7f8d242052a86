// The person's own devices within a call: opened, changed, and gone. A device that fails is a `problem` of the snapshot,
// never an end of the call.
import type { AudioVideoFacade, DeviceChangeObserver } from 'amazon-chime-sdk-js';
import { deviceProblem, type DeviceList, listDevices, QUALITIES, watchDevices } from './devices';
import type { JoinOptions, MediaProblem, MediaSnapshot, QualityId } from './types';

const FPS_OF_SHARE = 15;
/** What Chromium calls the system's own choice; other browsers know no such id. */
const DEFAULT = 'default';
const ANY_MICROPHONE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export interface SnapshotAccess {
  get: () => MediaSnapshot;
  set: (change: Partial<MediaSnapshot>) => void;
}

export class Inputs implements DeviceChangeObserver {
  private microphone: string | null;
  private camera: string | null;
  private speaker: string | null;
  private quality: QualityId;
  private facing: 'user' | 'environment' = 'user';
  private stopWatching = () => {};

  constructor(
    private readonly av: AudioVideoFacade,
    private readonly snapshot: SnapshotAccess,
    options: JoinOptions,
  ) {
    this.microphone = options.microphone;
    this.camera = options.camera;
    this.speaker = options.speaker;
    this.quality = options.quality;
  }

  get chosen(): Pick<JoinOptions, 'microphone' | 'camera' | 'speaker' | 'quality'> {
    const { microphone, camera, speaker, quality } = this;
    return { microphone, camera, speaker, quality };
  }

  /** Before the call begins: what was chosen, as far as it works. */
  async open(): Promise<void> {
    // The library would open camera and microphone together only to learn the names of devices.
    this.av.setDeviceLabelTrigger(async () => new MediaStream());
    this.av.addDeviceChangeObserver(this);
    this.stopWatching = watchDevices((list) => this.onDevices(list));
    this.applyQuality();
    if (this.microphone !== null) await this.useMicrophone(this.microphone);
    if (this.speaker) await this.useSpeaker(this.speaker);
  }

  async close(): Promise<void> {
    this.stopWatching();
    this.av.removeDeviceChangeObserver(this);
    this.av.stopContentShare();
    this.av.stopLocalVideoTile();
    await Promise.allSettled([this.av.stopVideoInput(), this.av.stopAudioInput()]);
  }

  async setMuted(muted: boolean): Promise<void> {
    if (muted) return this.av.realtimeMuteLocalAudio();
    if (!this.snapshot.get().hasMicrophone) await this.openAnyMicrophone();
    if (this.snapshot.get().hasMicrophone) this.av.realtimeUnmuteLocalAudio();
  }

  async useMicrophone(deviceId: string): Promise<void> {
    await this.attempt('microphone', async () => {
      await this.av.startAudioInput(deviceId && deviceId !== DEFAULT ? deviceId : ANY_MICROPHONE);
      this.microphone = deviceId;
      this.snapshot.set({ hasMicrophone: true });
    });
  }

  async setCameraOn(on: boolean): Promise<void> {
    if (!on) return this.cameraOff();
    await this.attempt('camera', async () => {
      const { cameras } = await listDevices();
      const { width, height, frameRate } = QUALITIES[this.quality];
      // Before the first permission browsers name no camera: then it is asked for as the one that looks at the person.
      const any = { facingMode: this.facing, width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate } };
      await this.av.startVideoInput(cameras.find((camera) => camera.id === this.camera)?.id || any);
      this.av.startLocalVideoTile();
      this.snapshot.set({ cameraOn: true });
    });
  }

  async useCamera(deviceId: string): Promise<void> {
    this.camera = deviceId;
    if (this.snapshot.get().cameraOn) await this.attempt('camera', () => this.av.startVideoInput(deviceId));
  }

  async turnCamera(): Promise<void> {
    this.facing = this.facing === 'user' ? 'environment' : 'user';
    this.camera = null;
    if (this.snapshot.get().cameraOn) await this.setCameraOn(true);
  }

  async useSpeaker(deviceId: string): Promise<void> {
    await this.attempt('speaker', async () => {
      await this.av.chooseAudioOutput(deviceId);
      this.speaker = deviceId;
    });
  }

  async useQuality(quality: QualityId): Promise<void> {
    this.quality = quality;
    this.applyQuality();
    if (this.snapshot.get().cameraOn) await this.setCameraOn(true);
  }

  async startShare(): Promise<void> {
    try {
      await this.av.startContentShareFromScreenCapture(undefined, FPS_OF_SHARE);
      this.snapshot.set({ sharing: true, problem: undefined });
    } catch (error) {
      // Closing the browser's picker is a choice, not a fault.
      if (deviceProblem(error) !== 'denied') this.report({ device: 'share', problem: deviceProblem(error) });
      this.snapshot.set({ sharing: false });
    }
  }

  // What the library tells of devices.

  /** Unplugged, taken by the system, or its permission withdrawn. Silence is sent meanwhile. */
  audioInputStreamEnded(): void {
    this.snapshot.set({ hasMicrophone: false });
    void this.openAnyMicrophone().then(() => {
      if (this.snapshot.get().hasMicrophone) this.report({ device: 'microphone', problem: 'replaced' });
      else this.av.realtimeMuteLocalAudio();
    });
  }

  /** Another camera may look at something that nobody wants to show: it is opened by the person only. */
  videoInputStreamEnded(): void {
    void this.cameraOff().then(() => this.report({ device: 'camera', problem: 'lost' }));
  }

  /** By a switch of the device or by the system, where no page can see it otherwise. */
  audioInputMuteStateChanged(_device: string | MediaStream, silenced: boolean): void {
    const { problem } = this.snapshot.get();
    if (silenced) this.report({ device: 'microphone', problem: 'silenced' });
    else if (problem?.device === 'microphone' && problem.problem === 'silenced') this.snapshot.set({ problem: undefined });
  }

  /** A speaker that is gone would be silence. */
  private onDevices({ speakers }: DeviceList): void {
    if (!this.speaker || this.speaker === DEFAULT || speakers.some(({ id }) => id === this.speaker)) return;
    this.speaker = null;
    void this.attempt('speaker', () => this.av.chooseAudioOutput(null)).then(() => this.report({ device: 'speaker', problem: 'replaced' }));
  }

  /** The one that was chosen when it is there, otherwise the system's. */
  private async openAnyMicrophone(): Promise<void> {
    const { microphones } = await listDevices();
    await this.useMicrophone(microphones.find(({ id }) => id === this.microphone)?.id ?? DEFAULT);
  }

  private async cameraOff(): Promise<void> {
    this.av.stopLocalVideoTile();
    await this.av.stopVideoInput();
    this.snapshot.set({ cameraOn: false });
  }

  private applyQuality(): void {
    const { width, height, frameRate, maxKbps } = QUALITIES[this.quality];
    this.av.chooseVideoInputQuality(width, height, frameRate);
    this.av.setVideoMaxBandwidthKbps(maxKbps);
  }

  private async attempt(device: MediaProblem['device'], open: () => Promise<unknown>): Promise<void> {
    try {
      await open();
      if (this.snapshot.get().problem?.device === device) this.snapshot.set({ problem: undefined });
    } catch (error) {
      this.report({ device, problem: deviceProblem(error) });
    }
  }

  private report(problem: MediaProblem): void {
    if (this.snapshot.get().phase !== 'ended') this.snapshot.set({ problem });
  }
}
