// Cameras, microphones and speakers before the media library is loaded.
import type { DeviceProblem, QualityId } from './types';

export interface Quality {
  id: QualityId;
  width: number;
  height: number;
  frameRate: number;
  maxKbps: number;
}

export const QUALITIES: Record<QualityId, Quality> = {
  '360p': { id: '360p', width: 640, height: 360, frameRate: 15, maxKbps: 600 },
  '540p': { id: '540p', width: 960, height: 540, frameRate: 15, maxKbps: 1400 },
  '720p': { id: '720p', width: 1280, height: 720, frameRate: 15, maxKbps: 1400 },
};

export interface Device {
  id: string;
  /** '' until the browser may tell; pages then number the devices. */
  label: string;
}

export interface DeviceList {
  microphones: Device[];
  cameras: Device[];
  speakers: Device[];
}

export function isCaptureAvailable(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function';
}

export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/** Phones cannot. */
export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

export async function listDevices(): Promise<DeviceList> {
  const out: DeviceList = { microphones: [], cameras: [], speakers: [] };
  if (!navigator.mediaDevices?.enumerateDevices) return out;
  for (const device of await navigator.mediaDevices.enumerateDevices()) {
    if (!device.deviceId) continue;
    const entry = { id: device.deviceId, label: device.label };
    if (device.kind === 'audioinput') out.microphones.push(entry);
    else if (device.kind === 'videoinput') out.cameras.push(entry);
    else if (canChooseSpeaker()) out.speakers.push(entry);
  }
  return out;
}

/** Calls back with the list now and after each change; returns how to stop. */
export function watchDevices(listener: (list: DeviceList) => void): () => void {
  let live = true;
  const tell = () => {
    listDevices().then(
      (list) => live && listener(list),
      () => undefined,
    );
  };
  tell();
  navigator.mediaDevices?.addEventListener?.('devicechange', tell);
  return () => {
    live = false;
    navigator.mediaDevices?.removeEventListener?.('devicechange', tell);
  };
}

export function deviceProblem(error: unknown): DeviceProblem {
  if (!isCaptureAvailable()) return window.isSecureContext ? 'unsupported' : 'insecure';
  // The media library wraps the browser's error and keeps its name in the text.
  const named = error as { name?: string; message?: string; cause?: { name?: string } } | undefined;
  const name = `${named?.name ?? ''} ${named?.cause?.name ?? ''} ${named?.message ?? ''}`;
  if (/NotAllowed|PermissionDenied|SecurityError/i.test(name)) return 'denied';
  if (/NotFound|DevicesNotFound|Overconstrained/i.test(name)) return 'missing';
  if (/NotReadable|TrackStart|AbortError|Hardware/i.test(name)) return 'busy';
  return 'unknown';
}

export function openCamera(deviceId: string | null, quality: QualityId): Promise<MediaStream> {
  const { width, height, frameRate } = QUALITIES[quality];
  const video: MediaTrackConstraints = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate } };
  if (deviceId) video.deviceId = { exact: deviceId };
  else video.facingMode = 'user';
  return capture({ video });
}

export function openMicrophone(deviceId: string | null): Promise<MediaStream> {
  return capture({ audio: deviceId ? { deviceId: { exact: deviceId } } : true });
}

async function capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
  if (!isCaptureAvailable()) throw new DOMException('no capture', 'NotSupportedError');
  return navigator.mediaDevices.getUserMedia(constraints);
}

export function stopStream(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
