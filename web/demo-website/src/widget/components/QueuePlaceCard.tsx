import type { QueuePlace } from '@upcall/shared/participant/types';
import { Users } from 'lucide';
import type { JSX } from 'preact';
import { useT } from '../i18n';
import { Icon } from './Icon';

/** The element stays, so that a screen reader hears each change of what is in it. */
export function QueuePlaceCard({ place }: { place: QueuePlace | null }): JSX.Element {
  const t = useT();
  return (
    <div role="status" aria-atomic="true">
      {place && (
        <div class="queue">
          <Icon node={Users} />
          <div>
            <p class="queue__place">{place.position === 1 ? t('queue.next') : t('queue.place', { position: place.position })}</p>
            <p class="queue__of">{t('queue.of', { count: place.length })}</p>
          </div>
        </div>
      )}
    </div>
  );
}
