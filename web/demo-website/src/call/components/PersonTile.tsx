import type { MediaSession } from '@upcall/shared/media/types';
import { MicOff, SignalLow, SignalZero } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../widget/components/Icon';
import { useT } from '../../widget/i18n';
import type { Person } from '../people';
import { TileVideo } from './TileVideo';

function initials(name: string): string {
  const letters = name.trim().split(/\s+/u).map((word) => [...word][0] ?? '');
  return (letters.length > 1 ? (letters[0] ?? '') + (letters.at(-1) ?? '') : (letters[0] ?? '')).toUpperCase();
}

interface Props {
  person: Person;
  session: MediaSession;
  /** One's own, for the initials. */
  ownName?: string;
}

export function PersonTile({ person, session, ownName }: Props): JSX.Element {
  const t = useT();
  const name = person.isSelf ? t('call.me') : (person.name ?? t('call.guest'));
  return (
    <li class={`tile${person.speaking ? ' tile--speaking' : ''}`}>
      {person.camera ? (
        <TileVideo session={session} tileId={person.camera.tileId} mirror={person.isSelf} label={name} />
      ) : (
        <span class="tile__initials" aria-hidden="true">
          {initials((person.isSelf && ownName) || name)}
        </span>
      )}
      <p class="tile__name">
        {person.muted && <Icon node={MicOff} size={14} />}
        <bdi>{name}</bdi>
        {person.muted && <span class="visually-hidden">{t('call.mutedLabel')}</span>}
        {person.signal !== undefined && person.signal < 2 && (
          <span class="tile__signal" title={t(person.signal === 0 ? 'call.signalNone' : 'call.signalWeak')}>
            <Icon node={person.signal === 0 ? SignalZero : SignalLow} size={14} />
            <span class="visually-hidden">{t(person.signal === 0 ? 'call.signalNone' : 'call.signalWeak')}</span>
          </span>
        )}
      </p>
    </li>
  );
}
