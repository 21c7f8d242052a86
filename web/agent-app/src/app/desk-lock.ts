// One tab of an agent holds the desk: two would ring twice and fight for the call. Another tab may take it over.
import { create } from 'zustand';

export type DeskLock = 'asking' | 'mine' | 'elsewhere';

const NAME = 'upcall.desk';

export const useDeskLock = create<{ lock: DeskLock }>()(() => ({ lock: 'asking' }));

const set = (lock: DeskLock) => useDeskLock.setState({ lock });

let release: (() => void) | undefined;

function hold(options: LockOptions): void {
  if (!navigator.locks) return set('mine'); // only secure pages have locks; there one tab is the person's own care
  const held = navigator.locks.request(NAME, options, (lock) => {
    if (!lock) {
      set('elsewhere');
      return undefined;
    }
    set('mine');
    return new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  // Rejected when another tab has taken the desk.
  held.catch(() => set('elsewhere'));
}

export function askForDesk(): void {
  if (useDeskLock.getState().lock !== 'mine') hold({ ifAvailable: true });
}

export function takeDesk(): void {
  hold({ steal: true });
}

export function leaveDesk(): void {
  release?.();
  release = undefined;
  set('asking');
}
