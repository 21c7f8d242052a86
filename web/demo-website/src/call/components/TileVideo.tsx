import type { MediaSession } from '@upcall/shared/media/types';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  session: MediaSession;
  tileId: number;
  mirror: boolean;
  label: string;
}

export function TileVideo({ session, tileId, mirror, label }: Props): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => (video.current ? session.bindTile(tileId, video.current) : undefined), [session, tileId]);
  // The media library mirrors one's own picture by itself; the class is for the corner's shape only.
  return <video ref={video} class={mirror ? 'tile__video tile__video--self' : 'tile__video'} autoPlay muted playsInline aria-label={label} />;
}
