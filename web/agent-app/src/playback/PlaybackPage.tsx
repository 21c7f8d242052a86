import { ArrowLeft, Clapperboard, FileX2, LogOut, ShieldX, SearchX } from 'lucide-react';
import { useRef, useState } from 'react';
import { Link, useParams } from 'react-router';
import { ApiError } from '@upcall/shared/api/http';
import type { RecordingSummary } from '../api/recordings';
import { Header } from '../app/Header';
import { useTexts } from '../i18n/texts';
import { session } from '../session/session';
import { Button, IconButton } from '../ui/Button';
import { ErrorNotice } from '../ui/Notice';
import { usePage } from '../ui/page';
import { ErrorScreen, Screen, Waiting } from '../ui/Screen';
import { InThisFilm } from './InThisFilm';
import { liveKind } from './live-source';
import { LivePlayer, type PlaybackPlace } from './LivePlayer';
import { Making } from './Making';
import { Player } from './Player';
import { Playlist, recordingTitle } from './Playlist';
import { useSummary } from './use-summary';
import './playback.css';

export function PlaybackPage() {
  const { t } = useTexts();
  const { meetingId = '' } = useParams();
  return (
    <div className="shell">
      <Header after={<IconButton label={t('shell.signOut')} icon={LogOut} onPress={() => session.logOut()} />} />
      <Playback key={meetingId} meetingId={meetingId} />
    </div>
  );
}

function Playback({ meetingId }: { meetingId: string }) {
  const { t } = useTexts();
  const { recordings, error, refresh } = useSummary(meetingId);
  const [chosen, setChosen] = useState<string>();

  if (!recordings) {
    if (error === undefined) return <Waiting label={t('playback.loading')} />;
    return <PlaybackFailure error={error} meetingId={meetingId} onRetry={() => void refresh().catch(() => undefined)} />;
  }
  const selected =
    recordings.find(({ recordingId }) => recordingId === chosen) ??
    recordings.find(({ status }) => status === 'stored') ??
    recordings[0];
  if (!selected) {
    return <Screen icon={Clapperboard} title={t('playback.none.title')} text={t('playback.none.text')} />;
  }
  return <Recordings meetingId={meetingId} recordings={recordings} selected={selected} onSelect={setChosen} error={error} refresh={refresh} />;
}

interface RecordingsProps {
  meetingId: string;
  recordings: RecordingSummary[];
  selected: RecordingSummary;
  onSelect: (recordingId: string) => void;
  /** Of the last reading; the list is that of the one before. */
  error: unknown;
  refresh: () => Promise<RecordingSummary[]>;
}

function Recordings({ meetingId, recordings, selected, onSelect, error, refresh }: RecordingsProps) {
  const { t, language } = useTexts();
  const label = recordingTitle(selected, language);
  const main = usePage(`${t('playback.playlist')} · ${label}`);
  const video = useRef<HTMLVideoElement>(null);
  const place = useRef<PlaybackPlace | undefined>(undefined);
  const [canWatchLive] = useState(() => liveKind() !== undefined);
  return (
    <main className="playback" ref={main} tabIndex={-1}>
      <div className="playback__main">
        {selected.status === 'stored' ? (
          <Player key={selected.recordingId} recording={selected} refresh={refresh} label={label} place={place} video={video} />
        ) : selected.status === 'failed' ? (
          <div className="making making--failed" role="alert">
            <FileX2 size={32} aria-hidden />
            <h2>{t('playback.failed.title')}</h2>
            <p>{t('playback.failed.text')}</p>
          </div>
        ) : selected.liveURL && canWatchLive ? (
          <>
            <LivePlayer key={selected.recordingId} recording={selected} refresh={refresh} label={label} place={place} />
            <Making recording={selected} watched />
          </>
        ) : (
          <Making recording={selected} />
        )}
        <div className="playback__title">
          <h1>{label}</h1>
          <p className="soft mono">{meetingId}</p>
        </div>
        {selected.status === 'stored' && <InThisFilm key={`facts of ${selected.recordingId}`} recordingId={selected.recordingId} video={video} />}
        {error !== undefined && <ErrorNotice error={error} onRetry={() => void refresh().catch(() => undefined)} />}
      </div>
      <Playlist meetingId={meetingId} recordings={recordings} selectedId={selected.recordingId} onSelect={onSelect} />
    </main>
  );
}

function PlaybackFailure({ error, meetingId, onRetry }: { error: unknown; meetingId: string; onRetry: () => void }) {
  const { t } = useTexts();
  const status = error instanceof ApiError ? error.status : undefined;
  if (status === 404) {
    return (
      <Screen icon={SearchX} title={t('playback.notFound.title')} text={t('playback.notFound.text', { id: meetingId })}>
        <Button onPress={onRetry}>{t('common.retry')}</Button>
      </Screen>
    );
  }
  if (status === 403) {
    return (
      <Screen icon={ShieldX} title={t('playback.forbidden.title')} text={t('playback.forbidden.text')}>
        <Button onPress={() => session.logOut()}>{t('playback.otherAccount')}</Button>
        <Link className="button button--quiet" to="/">
          <ArrowLeft size={18} aria-hidden />
          <span>{t('common.toDesk')}</span>
        </Link>
      </Screen>
    );
  }
  return <ErrorScreen title={t('playback.error')} error={error} onRetry={onRetry} />;
}
