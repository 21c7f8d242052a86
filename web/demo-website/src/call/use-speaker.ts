import type { MediaSnapshot } from '@upcall/shared/media/types';
import { useEffect, useState } from 'preact/hooks';

/** A new speaker must hold this long before the large picture changes. */
const SWITCH_AFTER_MS = 1500;

/** Who of the others spoke last, and not only for a moment. */
export function useSpeaker(media: MediaSnapshot): string | undefined {
  const [held, setHeld] = useState<string>();
  const { activeSpeaker } = media;
  const isSelf = media.attendees.some((attendee) => attendee.isSelf && attendee.attendeeId === activeSpeaker);
  useEffect(() => {
    if (!activeSpeaker || isSelf) return;
    const timer = setTimeout(() => setHeld(activeSpeaker), SWITCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [activeSpeaker, isSelf]);
  return held;
}
