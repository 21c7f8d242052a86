// The devices that were chosen last, and what a reload in mid-call needs to come back as it was.
import { readStored, writeStored } from '@upcall/shared/storage';
import type { JoinOptions, QualityId } from '@upcall/shared/media/types';

export interface DevicePreferences {
  /** Device ids; null: join without; '' : whatever the browser takes. */
  microphone: string | null;
  camera: string | null;
  speaker: string;
  quality: QualityId;
}

const DEVICES = 'upcall.devices';
const IN_CALL = 'upcall.in-call';
const DEFAULTS: DevicePreferences = { microphone: '', camera: '', speaker: '', quality: '720p' };

export function devicePreferences(): DevicePreferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(readStored(DEVICES) ?? '{}') as Partial<DevicePreferences>) };
  } catch {
    return DEFAULTS;
  }
}

export function keepDevicePreferences(preferences: DevicePreferences): void {
  writeStored(DEVICES, JSON.stringify(preferences));
}

const SINGLE_KEYS = 'upcall.single-keys';

/** Keys without Ctrl or Alt disturb who speaks to the computer, or types with tremor: they can be switched off. */
export function singleKeys(): boolean {
  return readStored(SINGLE_KEYS) !== 'off';
}

export function keepSingleKeys(on: boolean): void {
  writeStored(SINGLE_KEYS, on ? null : 'off');
}

export interface InCall {
  meetingId: string;
  options: JoinOptions;
}

/** In this tab only: another tab has not been in the call. */
export function inCall(): InCall | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(IN_CALL) ?? 'null') as InCall | null) ?? undefined;
  } catch {
    return undefined;
  }
}

export function keepInCall(call: InCall | undefined): void {
  try {
    if (call) sessionStorage.setItem(IN_CALL, JSON.stringify(call));
    else sessionStorage.removeItem(IN_CALL);
  } catch {
    // A reload then asks for the devices again.
  }
}
