import type { AudioVideoFacade } from 'amazon-chime-sdk-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Inputs } from './inputs';
import type { JoinOptions, MediaSnapshot } from './types';

const OPTIONS: JoinOptions = { microphone: 'headset', camera: 'cam', speaker: 'ear', quality: '360p', muted: false, cameraOn: true };

let plugged: { kind: string; deviceId: string }[];
let onChange: () => void;

function facade() {
  return {
    setDeviceLabelTrigger: vi.fn(), addDeviceChangeObserver: vi.fn(), removeDeviceChangeObserver: vi.fn(),
    chooseVideoInputQuality: vi.fn(), setVideoMaxBandwidthKbps: vi.fn(), chooseAudioOutput: vi.fn(async () => undefined),
    startAudioInput: vi.fn(async (_: unknown): Promise<void> => undefined), stopAudioInput: vi.fn(async () => undefined),
    startVideoInput: vi.fn(async (_: unknown): Promise<void> => undefined), stopVideoInput: vi.fn(async () => undefined),
    startLocalVideoTile: vi.fn(), stopLocalVideoTile: vi.fn(), stopContentShare: vi.fn(),
    realtimeMuteLocalAudio: vi.fn(), realtimeUnmuteLocalAudio: vi.fn(),
  };
}

async function opened() {
  let snapshot = { phase: 'connected', hasMicrophone: false, cameraOn: true, problem: undefined } as unknown as MediaSnapshot;
  const av = facade();
  const inputs = new Inputs(
    av as unknown as AudioVideoFacade,
    { get: () => snapshot, set: (change) => void (snapshot = { ...snapshot, ...change }) },
    OPTIONS,
  );
  await inputs.open();
  return { av, inputs, now: () => snapshot };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const refused = () => Promise.reject(Object.assign(new Error('no'), { name: 'NotAllowedError' }));

beforeEach(() => {
  plugged = [{ kind: 'audioinput', deviceId: 'headset' }, { kind: 'audioinput', deviceId: 'desk' }, { kind: 'videoinput', deviceId: 'cam' }, { kind: 'audiooutput', deviceId: 'ear' }];
  vi.stubGlobal('HTMLMediaElement', class { setSinkId(): void {} });
  vi.stubGlobal('navigator', {
    mediaDevices: {
      getUserMedia: vi.fn(), enumerateDevices: async () => plugged.map((device) => ({ label: '', ...device })),
      addEventListener: (_: string, listener: () => void) => (onChange = listener), removeEventListener: vi.fn(),
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

describe("the person's devices within a call", () => {
  it('are what was chosen', async () => {
    const { av, now } = await opened();
    expect(av.startAudioInput).toHaveBeenCalledWith('headset');
    expect(av.chooseAudioOutput).toHaveBeenCalledWith('ear');
    expect(now().hasMicrophone).toBe(true);
  });

  it('a microphone that is unplugged is replaced, and that is said', async () => {
    const { av, inputs, now } = await opened();
    plugged = plugged.filter(({ deviceId }) => deviceId !== 'headset');
    inputs.audioInputStreamEnded();
    await settled();
    expect(av.startAudioInput.mock.lastCall?.[0]).toMatchObject({ echoCancellation: true });
    expect(now()).toMatchObject({ hasMicrophone: true, problem: { device: 'microphone', problem: 'replaced' } });
    expect(av.realtimeMuteLocalAudio).not.toHaveBeenCalled();
  });

  it('a withdrawn permission mutes, says why, and one press asks again', async () => {
    const { av, inputs, now } = await opened();
    av.startAudioInput.mockImplementation(refused);
    inputs.audioInputStreamEnded();
    await settled();
    expect(now()).toMatchObject({ hasMicrophone: false, problem: { device: 'microphone', problem: 'denied' } });
    expect(av.realtimeMuteLocalAudio).toHaveBeenCalled();
    av.startAudioInput.mockImplementation(async () => undefined);
    await inputs.setMuted(false);
    expect(now()).toMatchObject({ hasMicrophone: true, problem: undefined });
    expect(av.realtimeUnmuteLocalAudio).toHaveBeenCalled();
  });

  it('a camera that is gone is not replaced by itself', async () => {
    const { av, inputs, now } = await opened();
    inputs.videoInputStreamEnded();
    await settled();
    expect(av.startVideoInput).not.toHaveBeenCalled();
    expect(now()).toMatchObject({ cameraOn: false, problem: { device: 'camera', problem: 'lost' } });
    plugged = [];
    await inputs.setCameraOn(true);
    expect(av.startVideoInput.mock.lastCall?.[0]).toMatchObject({ facingMode: 'user' });
    expect(now()).toMatchObject({ cameraOn: true, problem: undefined });
  });

  it('a phone turns from one camera to the other', async () => {
    const { av, inputs } = await opened();
    await inputs.turnCamera();
    expect(av.startVideoInput.mock.lastCall?.[0]).toMatchObject({ facingMode: 'environment' });
    await inputs.turnCamera();
    expect(av.startVideoInput.mock.lastCall?.[0]).toMatchObject({ facingMode: 'user' });
    expect(inputs.chosen).toEqual({ microphone: 'headset', camera: null, speaker: 'ear', quality: '360p' });
  });

  it('a speaker that is gone gives way to the system\'s', async () => {
    const { av, now } = await opened();
    plugged = plugged.filter(({ deviceId }) => deviceId !== 'ear');
    onChange();
    await settled();
    expect(av.chooseAudioOutput).toHaveBeenLastCalledWith(null);
    expect(now().problem).toEqual({ device: 'speaker', problem: 'replaced' });
  });

  it('a microphone that something else silences is told, until it is heard again', async () => {
    const { inputs, now } = await opened();
    inputs.audioInputMuteStateChanged('headset', true);
    expect(now().problem).toEqual({ device: 'microphone', problem: 'silenced' });
    inputs.audioInputMuteStateChanged('headset', false);
    expect(now().problem).toBeUndefined();
  });
});
