import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';

/** How much of a window must stay on the screen. */
const KEEP_PX = 80;

/** Moves an element by its bar. Its stylesheet's place is where it returns to. */
export function useDrag(box: RefObject<HTMLElement | null>): { onPointerDown(event: PointerEvent): void; reset(): void } {
  const moved = useRef({ x: 0, y: 0 });

  const place = (x: number, y: number) => {
    moved.current = { x, y };
    if (box.current) box.current.style.translate = x || y ? `${x}px ${y}px` : '';
  };

  const onPointerDown = (event: PointerEvent) => {
    const element = box.current;
    if (!element || event.button !== 0 || (event.target as HTMLElement).closest('button')) return;
    const bar = event.currentTarget as HTMLElement;
    const rect = element.getBoundingClientRect();
    const from = { x: event.clientX - moved.current.x, y: event.clientY - moved.current.y };
    const home = { x: rect.left - moved.current.x, y: rect.top - moved.current.y };
    bar.setPointerCapture(event.pointerId);
    const move = (e: PointerEvent) => {
      const left = clamp(home.x + e.clientX - from.x, KEEP_PX - rect.width, innerWidth - KEEP_PX);
      const top = clamp(home.y + e.clientY - from.y, 0, innerHeight - KEEP_PX);
      place(left - home.x, top - home.y);
    };
    const end = () => {
      bar.removeEventListener('pointermove', move);
      bar.removeEventListener('pointerup', end);
      bar.removeEventListener('pointercancel', end);
    };
    bar.addEventListener('pointermove', move);
    bar.addEventListener('pointerup', end);
    bar.addEventListener('pointercancel', end);
  };

  return {
    onPointerDown,
    reset: () => {
      place(0, 0);
      if (box.current) Object.assign(box.current.style, { width: '', height: '' });
    },
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
