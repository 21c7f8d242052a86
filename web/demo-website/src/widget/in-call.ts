// Being in a call, kept over a reload of this tab: in which meeting, and with which devices.
import type { JoinOptions } from '@upcall/shared/media/types';

export interface InCall {
  meetingId: string;
  options: JoinOptions;
}

const KEY = 'upcall.in-call';

export function keepInCall(call: InCall | null): void {
  try {
    if (call) sessionStorage.setItem(KEY, JSON.stringify(call));
    else sessionStorage.removeItem(KEY);
  } catch {
    // A reload then shows the invitation again.
  }
}

export function inCall(): InCall | null {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as InCall | null;
    return typeof value?.meetingId === 'string' && typeof value.options === 'object' ? value : null;
  } catch {
    return null;
  }
}
