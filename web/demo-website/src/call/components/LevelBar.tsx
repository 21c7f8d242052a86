import { watchLevel } from '@upcall/shared/media/level-meter';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Moves with the voice. Written to the element directly: twenty times a second is not for rendering. */
export function LevelBar({ stream, label }: { stream: MediaStream; label: string }): JSX.Element {
  const meter = useRef<HTMLMeterElement>(null);
  useEffect(
    () =>
      watchLevel(stream, (level) => {
        if (meter.current) meter.current.value = level;
      }),
    [stream],
  );
  return <meter ref={meter} class="level__bar" min={0} max={1} value={0} aria-label={label} />;
}
