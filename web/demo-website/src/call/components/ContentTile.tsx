import type { MediaSession } from '@upcall/shared/media/types';
import type { JSX } from 'preact';
import { useT } from '../../widget/i18n';
import type { Scene } from '../people';
import { TileVideo } from './TileVideo';

interface Props {
  content: NonNullable<Scene['content']>;
  session: MediaSession;
}

/** A screen that somebody else shares, whole. */
export function ContentTile({ content, session }: Props): JSX.Element {
  const t = useT();
  const label = t('call.screenOf', { name: content.name ?? t('call.guest') });
  return (
    <div class="content">
      <TileVideo session={session} tileId={content.tile.tileId} mirror={false} label={label} />
      <p class="tile__name">
        <bdi>{label}</bdi>
      </p>
    </div>
  );
}
