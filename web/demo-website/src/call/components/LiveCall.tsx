// The running call: others large, a shared screen larger, oneself small.
import type { MediaSession } from '@upcall/shared/media/types';
import type { JSX } from 'preact';
import type { WidgetController } from '../../widget/controller';
import { useT } from '../../widget/i18n';
import { useStore } from '../../widget/store';
import { arranged, sceneOf } from '../people';
import { useAttendees } from '../use-attendees';
import { useMedia } from '../use-media';
import { useSpeaker } from '../use-speaker';
import { CallBanners } from './CallBanners';
import { ContentTile } from './ContentTile';
import { Controls } from './Controls';
import { Announcements } from './Announcements';
import { PersonTile } from './PersonTile';

interface Props {
  controller: WidgetController;
  session: MediaSession;
}

export function LiveCall({ controller, session }: Props): JSX.Element {
  const t = useT();
  const media = useMedia(session);
  const { customerName } = useStore(controller.store);
  const scene = sceneOf(media, useAttendees(controller.call, media.attendees));
  const others = scene.people.filter((person) => !person.isSelf);
  const { people, featured } = arranged(others, useSpeaker(media));
  const self = scene.people.find((person) => person.isSelf);

  return (
    <div class="live">
      <CallBanners media={media} recording={scene.recording} session={session} />
      <div class={`stage${scene.content ? ' stage--content' : ''}`}>
        {scene.content && <ContentTile content={scene.content} session={session} />}
        <ul class={`stage__people ${featured ? 'stage__people--speaker' : `stage__people--${Math.min(others.length, 4)}`}`}>
          {people.map((person) => (
            <PersonTile key={person.attendeeId} person={person} session={session} />
          ))}
          {others.length === 0 && media.phase === 'connected' && <li class="stage__alone">{t('call.waiting')}</li>}
        </ul>
        {self && (
          <ul class="stage__self">
            <PersonTile person={self} session={session} ownName={customerName} />
          </ul>
        )}
      </div>
      <Controls controller={controller} session={session} media={media} />
      <Announcements people={others} recording={scene.recording} />
    </div>
  );
}
