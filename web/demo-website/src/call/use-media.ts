import type { MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { useEffect, useState } from 'preact/hooks';

export function useMedia(session: MediaSession): MediaSnapshot {
  const [snapshot, setSnapshot] = useState(session.snapshot);
  useEffect(() => {
    setSnapshot(session.snapshot);
    return session.subscribe(setSnapshot);
  }, [session]);
  return snapshot;
}
