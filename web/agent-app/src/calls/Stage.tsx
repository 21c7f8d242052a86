import { MonitorUp, UserRoundPlus } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Attendee, MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';
import type { PersonQuality } from '../quality/types';
import { Button } from '../ui/Button';
import { InviteAgain } from './InviteAgain';
import { layOut } from './layout';
import { type Call, isRecorder } from './store';
import { PersonTile, TileVideo } from './Tile';

interface StageProps {
  call: Call;
  session: MediaSession;
  media: MediaSnapshot;
  quality: readonly PersonQuality[] | undefined;
}

/** A new speaker must hold this long before the large picture changes. */
const SWITCH_AFTER_MS = 1_500;

function useHeldSpeaker(media: MediaSnapshot): string | undefined {
  const [held, setHeld] = useState<string>();
  const self = media.attendees.find((attendee) => attendee.isSelf)?.attendeeId;
  const speaker = media.activeSpeaker;
  useEffect(() => {
    if (!speaker || speaker === self) return;
    const timer = setTimeout(() => setHeld(speaker), SWITCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [speaker, self]);
  return held;
}

export function nameOf(call: Call, attendee: Attendee): string {
  return call.people[attendee.externalUserId]?.name ?? '';
}

export function Stage({ call, session, media, quality }: StageProps) {
  const { t } = useTexts();
  const held = useHeldSpeaker(media);
  const people = media.attendees.filter((attendee) => !isRecorder(call, attendee.externalUserId));
  const { content, featured, others, self } = layOut(media, people, held);
  const sharer = content && people.find((attendee) => attendee.attendeeId === content.attendeeId);
  const tile = (seat: (typeof others)[number], size: 'large' | 'small') => (
    <PersonTile
      key={seat.attendee.attendeeId}
      seat={seat}
      session={session}
      size={size}
      name={seat.attendee.isSelf ? t('call.you') : nameOf(call, seat.attendee) || t('call.unnamed')}
      fullName={nameOf(call, seat.attendee) || t('call.unnamed')}
      quality={quality?.find((person) => person.attendeeId === seat.attendee.attendeeId)}
      isSpeaking={media.activeSpeaker === seat.attendee.attendeeId}
    />
  );
  return (
    <div className={`stage${others.length > 0 ? ' stage--strip' : ''}`}>
      <div className="stage__main">
        {content && content.isSelf ? (
          <div className="stage__empty">
            <MonitorUp size={32} aria-hidden />
            <p>{t('call.youShare')}</p>
            <Button onPress={() => session.stopShare()}>{t('call.stopShare')}</Button>
          </div>
        ) : (
          content && (
            <figure className="tile tile--content">
              <TileVideo session={session} tile={content} label={t('call.shareOf', { name: sharer ? nameOf(call, sharer) : '' })} />
              <figcaption className="tile__plate">
                <MonitorUp size={14} aria-hidden />
                {t('call.shareOf', { name: sharer ? nameOf(call, sharer) || t('call.unnamed') : t('call.unnamed') })}
              </figcaption>
            </figure>
          )
        )}
        {!content && featured && tile(featured, 'large')}
        {!content && !featured && (
          <div className="stage__empty">
            <UserRoundPlus size={32} aria-hidden />
            <p role="status">{call.customerName ? t('call.waitingFor', { name: call.customerName }) : t('call.alone')}</p>
            <InviteAgain call={call} attendees={people} />
          </div>
        )}
        {self && <div className="stage__self">{tile(self, 'small')}</div>}
      </div>
      {others.length > 0 && <div className="stage__others">{others.map((seat) => tile(seat, 'small'))}</div>}
    </div>
  );
}
