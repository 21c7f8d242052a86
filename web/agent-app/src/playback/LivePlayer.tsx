import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { ApiError } from '@upcall/shared/api/http';
import type { RecordingSummary } from '../api/recordings';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Notice } from '../ui/Notice';
import { type LiveSource, openLive } from './live-source';

/** Where somebody is in a film: kept while its player changes. */
export interface PlaybackPlace {
  recordingId: string;
  at: number;
  playing: boolean;
  /** The keyboard was on the player. */
  focused: boolean;
}

interface LivePlayerProps {
  /** With a liveURL; each reading of the summary brings a fresh one. */
  recording: RecordingSummary;
  refresh: () => Promise<RecordingSummary[]>;
  label: string;
  place: RefObject<PlaybackPlace | undefined>;
}

/** A composer that died is followed by another within seconds; a network comes back. */
const RETRY_MS = 2_000;

/** A film that is still being made: behind the call by some seconds, to be wound back to its beginning. */
export function LivePlayer({ recording, refresh, label, place }: LivePlayerProps) {
  const { t } = useTexts();
  const video = useRef<HTMLVideoElement>(null);
  const source = useRef<LiveSource | undefined>(undefined);
  const url = useRef(recording.liveURL ?? '');
  const [failed, setFailed] = useState(false);
  const { recordingId, liveURL } = recording;

  useEffect(() => {
    if (!liveURL) return;
    url.current = liveURL;
    source.current?.renew(liveURL);
  }, [liveURL]);

  useEffect(() => {
    const element = video.current;
    if (!element || failed) return;
    let live = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onTrouble = (status: number | undefined): void => {
      if (!live) return;
      if (status === undefined) return setFailed(true);
      // Expired, stored meanwhile, or not to be watched any more: the list tells which, and the page shows that.
      refresh()
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status < 500) live = false;
        })
        .finally(() => {
          if (live) timer = setTimeout(() => source.current?.retry(), RETRY_MS);
        });
    };
    openLive(element, url.current, onTrouble)
      .then((opened) => {
        if (!live) return opened.close();
        source.current = opened;
        opened.renew(url.current);
      })
      .catch(() => live && setFailed(true));
    return () => {
      live = false;
      clearTimeout(timer);
      source.current?.close();
      source.current = undefined;
    };
  }, [recordingId, refresh, failed]);

  useLayoutEffect(() => {
    const element = video.current;
    if (!element) return;
    return () => {
      place.current = {
        recordingId,
        at: element.currentTime,
        playing: !element.paused,
        focused: document.activeElement === element,
      };
    };
  }, [recordingId, place]);

  return (
    <div className="player">
      <video ref={video} className="player__video" controls playsInline aria-label={label} />
      {failed && (
        <Notice kind="error" action={<Button onPress={() => setFailed(false)}>{t('common.retry')}</Button>}>
          {t('playback.cannotPlay')}
        </Notice>
      )}
    </div>
  );
}
