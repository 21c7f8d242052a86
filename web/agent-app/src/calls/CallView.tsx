import { MessageSquareText, Users } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { canShareScreen } from '@upcall/shared/media/devices';
import type { MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { useCentre } from '../centre/store';
import { ChatPane } from '../desk/ChatPane';
import { clock } from '../desk/time';
import { useTexts } from '../i18n/texts';
import { useQualityHints } from '../quality/use-hints';
import { IconButton } from '../ui/Button';
import { usePage } from '../ui/page';
import { CallNotices } from './CallNotices';
import { Controls } from './Controls';
import { LeaveDialog } from './LeaveDialog';
import { Roster } from './Roster';
import { ShortcutsDialog } from './ShortcutsDialog';
import { nameOf, Stage } from './Stage';
import { type Call, isRecorder, togglePause, toggleRecording } from './store';
import { useShortcuts } from './use-shortcuts';

export interface CallViewProps {
  call: Call;
  session: MediaSession;
  media: MediaSnapshot;
}

export function CallView({ call, session, media }: CallViewProps) {
  const { t } = useTexts();
  const main = usePage(call.customerName || t('call.title'));
  const [panel, setPanel] = useState<'chat' | 'people' | undefined>(() => (window.innerWidth >= 1100 ? 'chat' : undefined));
  const [dialog, setDialog] = useState<'leave' | 'shortcuts'>();
  const contact = useCentre((centre) => centre.contacts.find((one) => one.contactId === call.contactId));
  const unread = useCentre((centre) => (call.contactId ? (centre.chats[call.contactId]?.unread ?? 0) : 0));
  const watch = useCentre((centre) => centre.watch);
  const quality = useCentre((centre) => (call.contactId ? centre.quality[call.contactId] : undefined));
  const nameById = (attendeeId: string) => {
    const attendee = media.attendees.find((one) => one.attendeeId === attendeeId);
    return attendee?.isSelf ? undefined : (attendee && nameOf(call, attendee)) || t('call.unnamed');
  };
  useQualityHints(quality, nameById);
  const chatOpen = panel === 'chat' && contact !== undefined;

  useEffect(() => {
    watch(chatOpen ? call.contactId : undefined);
    return () => watch(undefined);
  }, [chatOpen, call.contactId, watch]);

  const toggle = (which: 'chat' | 'people') => setPanel((open) => (open === which ? undefined : which));
  const leave = useCallback(() => setDialog('leave'), []);

  useShortcuts({
    m: () => void session.setMuted(!(media.muted || !media.hasMicrophone)),
    v: () => void session.setCameraOn(!media.cameraOn),
    ...(canShareScreen() ? { s: () => (media.sharing ? session.stopShare() : void session.startShare()) } : {}),
    ...(call.canRecord ? { r: () => toggleRecording(call.meetingId) } : {}),
    ...(call.pause.recording ? { k: () => togglePause(call.meetingId) } : {}),
    p: () => toggle('people'),
    ...(contact ? { c: () => toggle('chat') } : {}),
    l: leave,
    '?': () => setDialog('shortcuts'),
  });

  const people = media.attendees.filter((attendee) => !isRecorder(call, attendee.externalUserId)).length;
  return (
    <main className={`call${panel ? ' call--panel' : ''}`} ref={main} tabIndex={-1}>
      <div className="call__stage">
        <header className="call__head">
          <h1 dir="auto">{call.customerName || call.meetingId}</h1>
          {call.joinedAt && <Duration since={call.joinedAt} />}
          <RecordingMark call={call} />
          <span className="call__head-end">
            {contact && (
              <span className="call__toggle">
                <IconButton
                  label={t('call.chat')}
                  shortcut="C"
                  icon={MessageSquareText}
                  aria-expanded={panel === 'chat'}
                  onPress={() => toggle('chat')}
                  className="icon-button--stage"
                />
                {unread > 0 && <span className="badge">{unread}</span>}
              </span>
            )}
            <span className="call__toggle">
              <IconButton
                label={t('call.people', { count: people })}
                shortcut="P"
                icon={Users}
                aria-expanded={panel === 'people'}
                onPress={() => toggle('people')}
                className="icon-button--stage"
              />
              <span className="badge badge--quiet" aria-hidden>
                {people}
              </span>
            </span>
          </span>
        </header>
        <CallNotices session={session} media={media} />
        <Stage call={call} session={session} media={media} quality={quality} />
        <Controls call={call} session={session} media={media} onLeave={leave} onShortcuts={() => setDialog('shortcuts')} />
      </div>
      {panel === 'people' && <Roster call={call} session={session} media={media} quality={quality} onClose={() => setPanel(undefined)} />}
      {chatOpen && <ChatPane contact={contact} onBack={() => setPanel(undefined)} />}
      <LeaveDialog call={call} isOpen={dialog === 'leave'} onClose={() => setDialog(undefined)} />
      <ShortcutsDialog canRecord={call.canRecord} canPause={call.canPause} isOpen={dialog === 'shortcuts'} onClose={() => setDialog(undefined)} />
    </main>
  );
}

function Duration({ since }: { since: number }) {
  const { t } = useTexts();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="call__time" role="timer" aria-label={t('call.duration')}>
      {clock(now - since)}
    </span>
  );
}

/** To when the recording goes on by itself. */
function Countdown({ until }: { until: number }) {
  const { t } = useTexts();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="call__time" role="timer" aria-label={t('recording.pause.goesOnIn')}>
      {clock(Math.max(0, until - now))}
    </span>
  );
}

function RecordingMark({ call }: { call: Call }) {
  const { t } = useTexts();
  const { status } = call.recording;
  const { resumesAt } = call.pause;
  const shown = status === 'STARTED' || status === 'STARTING' || status === 'STOPPING';
  const paused = status === 'STARTED' && resumesAt !== undefined;
  return (
    <>
      <span role="status">
        {shown && (
          <span className={`rec${paused ? ' rec--paused' : status === 'STARTED' ? ' rec--live' : ''}`}>
            <span className="rec__dot" aria-hidden />
            {paused ? t('recording.pause.mark') : t(`recording.mark.${status}`)}
          </span>
        )}
      </span>
      {paused && <Countdown until={resumesAt} />}
    </>
  );
}
