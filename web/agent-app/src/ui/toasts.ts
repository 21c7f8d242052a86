// Notices at the edge of the page: information goes after 5 s, a warning after 3 s, an error stays until it is closed.
// None goes while somebody points at one or has the focus there.
import { create } from 'zustand';

export type ToastKind = 'info' | 'warning' | 'error';

export interface Toast {
  id: number;
  kind: ToastKind;
  text: string;
  /** What it is about: the next word on it takes its place. */
  about: string | undefined;
}

export const TOAST_MS: Record<ToastKind, number | undefined> = { info: 5_000, warning: 3_000, error: undefined };
const MAX = 4;

interface ToastStore {
  toasts: Toast[];
  show: (kind: ToastKind, text: string, about?: string) => void;
  close: (id: number) => void;
  /** True: somebody reads; their time begins anew afterwards. */
  hold: (on: boolean) => void;
}

let next = 1;
let held = false;
const timers = new Map<number, ReturnType<typeof setTimeout>>();

export const useToasts = create<ToastStore>()((set, get) => {
  const count = ({ id, kind }: Toast) => {
    const life = TOAST_MS[kind];
    if (life !== undefined && !held) timers.set(id, setTimeout(() => get().close(id), life));
  };
  return {
    toasts: [],
    show: (kind, text, about) => {
      if (get().toasts.some((toast) => toast.kind === kind && toast.text === text)) return;
      for (const toast of get().toasts) if (about !== undefined && toast.about === about) get().close(toast.id);
      const toast = { id: next++, kind, text, about };
      set(({ toasts }) => ({ toasts: [...toasts, toast].slice(-MAX) }));
      count(toast);
    },
    close: (id) => {
      clearTimeout(timers.get(id));
      timers.delete(id);
      set(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
      // The last one took the pointer or the focus with it.
      if (get().toasts.length === 0) held = false;
    },
    hold: (on) => {
      if (on === held) return;
      held = on;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      if (!on) get().toasts.forEach(count);
    },
  };
});

export const showToast = (kind: ToastKind, text: string, about?: string): void => useToasts.getState().show(kind, text, about);
