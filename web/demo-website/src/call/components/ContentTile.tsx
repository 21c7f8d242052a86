import type { MediaSession } from '@upcall/shared/media/types';
import { MonitorUp } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../widget/components/Icon';
import { useT } from '../../widget/i18n';
import type { Scene } from '../people';
import { TileVideo } from './TileVideo';

interface Props {
  content: NonNullable<Scene['content']>;
  session: MediaSession;
}

/** A shared screen, whole. One's own is named and not shown: a screen within itself helps nobody. */
export function ContentTile({ content, session }: Props): JSX.Element {
  const t = useT();
  const label = content.isSelf ? t('call.ownScreen') : t('call.screenOf', { name: content.name ?? t('call.guest') });
  return (
    <div class="content">
      {content.isSelf ? (
        <p class="content__own">
          <Icon node={MonitorUp} size={28} />
          {label}
        </p>
      ) : (
        <>
          <TileVideo session={session} tileId={content.tile.tileId} mirror={false} label={label} />
          <p class="tile__name">
            <bdi>{label}</bdi>
          </p>
        </>
      )}
    </div>
  );
}
