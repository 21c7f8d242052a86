import { useCallback, useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useTexts } from '../i18n/texts';
import { ErrorScreen, Waiting } from '../ui/Screen';
import { CallGate } from './CallGate';
import { CallView } from './CallView';
import { EndedScreen } from './EndedScreen';
import { inCall } from './preferences';
import { type Call, joinCall } from './store';
import './meeting.css';

export function MeetingPage() {
  const { meetingId = '' } = useParams();
  return (
    <CallGate key={meetingId} meetingId={meetingId}>
      {(call, rejoin) => <Meeting call={call} rejoin={rejoin} />}
    </CallGate>
  );
}

/** One attempt to come back, also when effects run twice. */
const rejoining = new Set<string>();

async function joinAgain(meetingId: string): Promise<void> {
  if (rejoining.has(meetingId)) return;
  rejoining.add(meetingId);
  try {
    const before = inCall();
    if (before) await joinCall(meetingId, before.options);
  } finally {
    rejoining.delete(meetingId);
  }
}

function Meeting({ call, rejoin }: { call: Call; rejoin: boolean }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const { meetingId, session, media } = call;

  const [failure, setFailure] = useState<unknown>();
  const again = useCallback(() => {
    setFailure(undefined);
    joinAgain(meetingId).catch(setFailure);
  }, [meetingId]);

  useEffect(() => {
    if (session) return;
    if (rejoin) again();
    else void navigate(`/devices?meeting=${encodeURIComponent(meetingId)}`, { replace: true });
  }, [again, meetingId, navigate, rejoin, session]);

  if (failure !== undefined) return <ErrorScreen title={t('call.failedTitle')} error={failure} onRetry={again} />;
  if (!session || !media) return <Waiting label={t('call.rejoining')} />;
  if (media.phase === 'ended') return <EndedScreen call={call} reason={media.endReason ?? 'failed'} />;
  return <CallView call={call} session={session} media={media} />;
}
