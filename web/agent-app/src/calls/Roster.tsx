import { CircleDot, Mic, MicOff, MonitorUp, Search, Video, VideoOff, X } from 'lucide-react';
import { useState } from 'react';
import { Input } from 'react-aria-components/Input';
import { SearchField } from 'react-aria-components/SearchField';
import type { Attendee, MediaSnapshot } from '@upcall/shared/media/types';
import { Avatar } from '../desk/Avatar';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';
import { SignalMark } from './SignalMark';
import { nameOf } from './Stage';
import { type Call, isRecorder } from './store';

export function Roster({ call, media, onClose }: { call: Call; media: MediaSnapshot; onClose: () => void }) {
  const { t, language } = useTexts();
  const [wanted, setWanted] = useState('');
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
        <IconButton label={t('common.close')} icon={X} onPress={onClose} />
      </header>
      <SearchField className="search" aria-label={t('roster.search')} value={wanted} onChange={setWanted}>
        <Search size={16} aria-hidden />
        <Input placeholder={t('roster.search')} />
      </SearchField>
      <ul className="roster__list">
        {rows.map(({ attendee, name }) => (
          <Row key={attendee.attendeeId} attendee={attendee} name={name} isRecorder={isRecorder(call, attendee.externalUserId)} />
        ))}
      </ul>
      <p role="status" className="soft roster__none">
        {rows.length === 0 ? t('roster.none') : ''}
      </p>
    </aside>
  );
}

function Row({ attendee, name, isRecorder: recorder }: { attendee: Attendee; name: string; isRecorder: boolean }) {
  const { t } = useTexts();
  if (recorder) {
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
  return (
    <li className="roster__row">
      <Avatar name={name} />
      <span className="roster__name" dir="auto">
        {name}
        {attendee.isSelf && <small>{t('call.you')}</small>}
      </span>
      <span className="roster__marks">
        {attendee.signal !== undefined && <SignalMark signal={attendee.signal} />}
        {attendee.sharing && <Mark icon={MonitorUp} label={t('roster.sharing')} />}
        <Mark icon={attendee.cameraOn ? Video : VideoOff} label={attendee.cameraOn ? t('roster.cameraOn') : t('roster.cameraOff')} />
        <span className={`voice voice--${attendee.level}`}>
          <Mark icon={attendee.muted ? MicOff : Mic} label={attendee.muted ? t('call.muted') : t('roster.unmuted')} />
        </span>
      </span>
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
