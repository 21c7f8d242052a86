import { MicOff } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { MediaSession, Tile } from '@upcall/shared/media/types';
import { Avatar } from '../desk/Avatar';
import { useTexts } from '../i18n/texts';
import type { Seat } from './layout';
import { QualityMark } from '../quality/QualityMark';
import type { PersonQuality } from '../quality/types';
import { SignalMark } from './SignalMark';

export function TileVideo({ session, tile, label }: { session: MediaSession; tile: Tile; label: string }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => (video.current ? session.bindTile(tile.tileId, video.current) : undefined), [session, tile.tileId]);
  return <video ref={video} className="tile__video" aria-label={label} autoPlay playsInline muted />;
}

interface PersonTileProps {
  seat: Seat;
  session: MediaSession;
  /** As it is shown, like "You". */
  name: string;
  /** Whose initials stand where no picture is. */
  fullName: string;
  size: 'large' | 'small';
  isSpeaking: boolean;
  quality: PersonQuality | undefined;
}

export function PersonTile({ seat, session, name, fullName, size, isSpeaking, quality }: PersonTileProps) {
  const { t } = useTexts();
  const { attendee, tile } = seat;
  return (
    <figure className={`tile tile--${size}${isSpeaking ? ' tile--speaking' : ''}`} data-self={attendee.isSelf || undefined}>
      {tile ? (
        <TileVideo session={session} tile={tile} label={t('call.cameraOf', { name })} />
      ) : (
        <div className="tile__placeholder">
          <Avatar name={fullName} large />
        </div>
      )}
      <figcaption className="tile__plate">
        {attendee.muted && (
          <>
            <MicOff size={14} aria-hidden />
            <span className="visually-hidden">{t('call.muted')}</span>
          </>
        )}
        <span className="tile__name" dir="auto">
          {name}
        </span>
        {attendee.signal !== undefined && attendee.signal < 2 && <SignalMark signal={attendee.signal} />}
        {quality && <QualityMark name={name} quality={quality} />}
      </figcaption>
    </figure>
  );
}
