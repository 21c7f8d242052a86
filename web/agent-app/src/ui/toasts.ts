// Notices at the edge of the page: information goes after 5 s, a warning after 3 s, an error stays until it is closed.
import { create } from 'zustand';

export type ToastKind = 'info' | 'warning' | 'error';

export interface Toast {
  id: number;
  kind: ToastKind;
  text: string;
}

export const TOAST_MS: Record<ToastKind, number | undefined> = { info: 5_000, warning: 3_000, error: undefined };
const MAX = 4;

interface ToastStore {
  toasts: Toast[];
  show: (kind: ToastKind, text: string) => void;
  close: (id: number) => void;
}

let next = 1;

export const useToasts = create<ToastStore>()((set, get) => ({
  toasts: [],
  show: (kind, text) => {
    if (get().toasts.some((toast) => toast.kind === kind && toast.text === text)) return;
    const id = next++;
    set(({ toasts }) => ({ toasts: [...toasts, { id, kind, text }].slice(-MAX) }));
    const life = TOAST_MS[kind];
    if (life !== undefined) setTimeout(() => get().close(id), life);
  },
  close: (id) => set(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) })),
}));

export const showToast = (kind: ToastKind, text: string): void => useToasts.getState().show(kind, text);
