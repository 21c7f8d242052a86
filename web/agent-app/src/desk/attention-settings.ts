// Whether a contact may ring and whether the system may show a notification: the agent's choice, remembered.
import { create } from 'zustand';
import { readStored, writeStored } from '@upcall/shared/storage';

interface AttentionSettings {
  ring: boolean;
  notify: boolean;
  setRing: (on: boolean) => void;
  /** Asks the browser; stays off when it says no, which is the answer false. */
  setNotify: (on: boolean) => Promise<boolean>;
}

const RING = 'upcall.ring';
const NOTIFY = 'upcall.notify';

function mayNotify(): boolean {
  return typeof Notification !== 'undefined' && Notification.permission === 'granted';
}

export const useAttention = create<AttentionSettings>()((set) => ({
  ring: readStored(RING) !== 'off',
  notify: readStored(NOTIFY) === 'on' && mayNotify(),
  setRing: (on) => {
    writeStored(RING, on ? 'on' : 'off');
    set({ ring: on });
  },
  setNotify: async (on) => {
    const allowed = on && typeof Notification !== 'undefined' && (await Notification.requestPermission()) === 'granted';
    writeStored(NOTIFY, allowed ? 'on' : 'off');
    set({ notify: allowed });
    return allowed || !on;
  },
}));
