import { CircleDot, Gauge, Mic, MicOff, MonitorUp, Search, UserRoundX, Video, VideoOff, X } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Input } from 'react-aria-components/Input';
import { SearchField } from 'react-aria-components/SearchField';
import type { Figures } from '@upcall/shared/media/figures';
import type { Attendee, MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { Avatar } from '../desk/Avatar';
import { useTexts } from '../i18n/texts';
import { QualityMark } from '../quality/QualityMark';
import type { PersonQuality } from '../quality/types';
import { IconButton } from '../ui/Button';
import { ConnectionFigures, useFigures } from './ConnectionFigures';
import { InviteAgain } from './InviteAgain';
import { type Removable, RemoveDialog } from './RemoveDialog';
import { SignalMark } from './SignalMark';
import { nameOf } from './Stage';
import { type Call, isRecorder } from './store';
import './roster.css';

interface RosterProps {
  call: Call;
  session: MediaSession;
  media: MediaSnapshot;
  quality?: readonly PersonQuality[] | undefined;
  onClose: () => void;
}

export function Roster({ call, session, media, quality, onClose }: RosterProps) {
  const { t, language } = useTexts();
  const [wanted, setWanted] = useState('');
  const [inFigures, setInFigures] = useState(false);
  const [leaving, setLeaving] = useState<Removable>();
  const figures = useFigures(session, inFigures);
  const keep = useCallback(() => setLeaving(undefined), []);
  const fold = (text: string) => text.toLocaleLowerCase(language);
  const rows = media.attendees
    .map((attendee) => ({ attendee, name: nameOf(call, attendee) || t('call.unnamed') }))
    .filter(({ name }) => fold(name).includes(fold(wanted.trim())));
  return (
    <aside className="roster" aria-labelledby="roster-title">
      <header className="roster__head">
        <h2 id="roster-title">
          {t('roster.title')} <span className="count">{media.attendees.length}</span>
        </h2>
        <span className="roster__tools">
          <IconButton
            label={t(inFigures ? 'figures.hide' : 'figures.show')}
            icon={Gauge}
            onPress={() => setInFigures(!inFigures)}
            className={inFigures ? 'icon-button--on' : undefined}
          />
          <IconButton label={t('common.close')} icon={X} onPress={onClose} />
        </span>
      </header>
      <SearchField className="search" aria-label={t('roster.search')} value={wanted} onChange={setWanted}>
        <Search size={16} aria-hidden />
        <Input placeholder={t('roster.search')} />
      </SearchField>
      <ul className="roster__list">
        {rows.map(({ attendee, name }) =>
          isRecorder(call, attendee.externalUserId) ? (
            <RecorderRow key={attendee.attendeeId} name={name} />
          ) : (
            <Row
              key={attendee.attendeeId}
              attendee={attendee}
              name={name}
              inFigures={inFigures}
              figures={figures}
              quality={quality?.find((person) => person.attendeeId === attendee.attendeeId)}
              onRemove={() => setLeaving({ externalUserId: attendee.externalUserId, name })}
            />
          ),
        )}
      </ul>
      <p role="status" className="soft roster__none">
        {rows.length === 0 ? t('roster.none') : ''}
      </p>
      <InviteAgain call={call} attendees={media.attendees} />
      <RemoveDialog meetingId={call.meetingId} person={leaving} onClose={keep} />
    </aside>
  );
}

function RecorderRow({ name }: { name: string }) {
  const { t } = useTexts();
  return (
    <li className="roster__row">
      <span className="roster__recorder">
        <CircleDot size={20} aria-hidden />
      </span>
      <span className="roster__name" dir="auto">
        {name}
        <small>{t('roster.recorder')}</small>
      </span>
    </li>
  );
}

interface RowProps {
  attendee: Attendee;
  name: string;
  inFigures: boolean;
  figures: Figures | undefined;
  quality: PersonQuality | undefined;
  onRemove: () => void;
}

function Row({ attendee, name, inFigures, figures, quality, onRemove }: RowProps) {
  const { t } = useTexts();
  return (
    <li className="roster__row">
      <Avatar name={name} />
      <span className="roster__name" dir="auto">
        {name}
        {attendee.isSelf && <small>{t('call.you')}</small>}
      </span>
      <span className="roster__marks">
        {quality && <QualityMark name={name} quality={quality} />}
        {attendee.signal !== undefined && !inFigures && <SignalMark signal={attendee.signal} />}
        {attendee.sharing && <Mark icon={MonitorUp} label={t('roster.sharing')} />}
        <Mark icon={attendee.cameraOn ? Video : VideoOff} label={attendee.cameraOn ? t('roster.cameraOn') : t('roster.cameraOff')} />
        <span className={`voice voice--${attendee.level}`}>
          <Mark icon={attendee.muted ? MicOff : Mic} label={attendee.muted ? t('call.muted') : t('roster.unmuted')} />
        </span>
      </span>
      {!attendee.isSelf && attendee.externalUserId && (
        <IconButton label={t('roster.remove', { name })} icon={UserRoundX} small onPress={onRemove} className="roster__remove" />
      )}
      {inFigures && <ConnectionFigures attendee={attendee} figures={figures} />}
    </li>
  );
}

function Mark({ icon: Icon, label }: { icon: typeof Mic; label: string }) {
  return (
    <span title={label}>
      <Icon size={16} aria-hidden />
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
