import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Oneself, as in a mirror. */
export function StreamVideo({ stream, label }: { stream: MediaStream; label: string }): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  return <video ref={video} class="mirror" autoPlay muted playsInline aria-label={label} />;
}
