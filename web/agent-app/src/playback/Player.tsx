import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { RecordingSummary } from '../api/recordings';
import { useTexts } from '../i18n/texts';
import { ErrorNotice } from '../ui/Notice';
import type { PlaybackPlace } from './LivePlayer';

interface PlayerProps {
  recording: RecordingSummary;
  /** A fresh list with fresh addresses, checked against the viewer's rights of this moment. */
  refresh: () => Promise<RecordingSummary[]>;
  label: string;
  /** Where its viewer was in the film while it was still being made. */
  place?: RefObject<PlaybackPlace | undefined>;
  /** The player itself, for those who know places in the film. */
  video: RefObject<HTMLVideoElement | null>;
}

/** Addresses live 15 minutes; renewed before that, so that a seek never meets an expired one. */
const RENEW_AFTER_MS = 12 * 60_000;
const RETRIES = 2;

export function Player({ recording, refresh, label, place, video }: PlayerProps) {
  const { t } = useTexts();
  // The address that plays; a renewed summary alone does not interrupt.
  const [url, setUrl] = useState(recording.recordingURL ?? '');
  const [error, setError] = useState<unknown>();
  const retries = useRef(0);
  const resume = useRef<{ at: number; playing: boolean } | undefined>(undefined);

  const renew = useCallback(async () => {
    const element = video.current;
    try {
      const fresh = (await refresh()).find(({ recordingId }) => recordingId === recording.recordingId)?.recordingURL;
      if (!fresh || !element) return;
      resume.current = { at: element.currentTime, playing: !element.paused && !element.ended };
      setError(undefined);
      setUrl(fresh);
    } catch (failure) {
      element?.pause();
      setError(failure);
    }
  }, [recording.recordingId, refresh, video]);

  useEffect(() => {
    const timer = setTimeout(() => void renew(), RENEW_AFTER_MS);
    return () => clearTimeout(timer);
  }, [url, renew]);

  useEffect(() => {
    if (place?.current?.recordingId === recording.recordingId && place.current.focused) video.current?.focus();
  }, [place, recording.recordingId, video]);

  const onLoaded = () => {
    const element = video.current;
    const watched = place?.current?.recordingId === recording.recordingId ? place.current : undefined;
    if (watched && place) place.current = undefined;
    const before = resume.current ?? watched;
    if (!element || !before) return;
    resume.current = undefined;
    element.currentTime = before.at;
    if (before.playing) void element.play().catch(() => undefined);
  };

  const onError = () => {
    if (retries.current >= RETRIES) return setError(new Error('playback'));
    retries.current += 1;
    void renew();
  };

  return (
    <div className="player">
      <video
        ref={video}
        className="player__video"
        src={url}
        controls
        preload="metadata"
        playsInline
        aria-label={label}
        onLoadedMetadata={onLoaded}
        onPlaying={() => {
          retries.current = 0;
        }}
        onError={onError}
      />
      {error !== undefined && (
        <div className="player__error">
          {error instanceof Error && error.message === 'playback' ? <p role="alert">{t('playback.cannotPlay')}</p> : null}
          <ErrorNotice
            error={error}
            onRetry={() => {
              retries.current = 0;
              void renew();
            }}
          />
        </div>
      )}
    </div>
  );
}
