import { CircleDot, FileX2, LoaderCircle, Play } from 'lucide-react';
import { localeOf } from '@upcall/shared/i18n/locale';
import type { RecordingSummary } from '../api/recordings';
import { clock } from '../desk/time';
import { useTexts } from '../i18n/texts';

export function recordingTitle(recording: RecordingSummary, language: string): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'long', timeStyle: 'short' }).format(new Date(recording.createdAt));
}

interface PlaylistProps {
  meetingId: string;
  recordings: RecordingSummary[];
  selectedId: string;
  onSelect: (recordingId: string) => void;
}

const ICONS = { stored: Play, failed: FileX2, recording: CircleDot } as const;

export function Playlist({ meetingId, recordings, selectedId, onSelect }: PlaylistProps) {
  const { t, language } = useTexts();
  const time = new Intl.DateTimeFormat(localeOf(language), { timeStyle: 'medium' });
  const day = new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium' });
  return (
    <aside className="playlist" aria-labelledby="playlist-title">
      <h2 id="playlist-title">
        {t('playback.playlist')} <span className="count">{recordings.length}</span>
      </h2>
      <p className="soft mono playlist__meeting">{meetingId}</p>
      <ol>
        {recordings.map((recording) => {
          const Icon = ICONS[recording.status as keyof typeof ICONS] ?? LoaderCircle;
          const at = new Date(recording.createdAt);
          return (
            <li key={recording.recordingId}>
              <button
                type="button"
                className="playlist__row"
                aria-current={recording.recordingId === selectedId ? 'true' : undefined}
                onClick={() => onSelect(recording.recordingId)}
              >
                <span className="playlist__icon">
                  <Icon size={18} aria-hidden />
                </span>
                <span className="playlist__text">
                  <strong>
                    {t('playback.recordedAt')} <time dateTime={recording.createdAt}>{`${day.format(at)}, ${time.format(at)}`}</time>
                  </strong>
                  <span className="soft">
                    {recording.durationMs === undefined
                      ? t(`playback.status.${recording.status}`)
                      : t('playback.duration', { time: clock(recording.durationMs) })}
                  </span>
                  <span className="soft mono">{recording.recordingId}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </aside>
  );
}
