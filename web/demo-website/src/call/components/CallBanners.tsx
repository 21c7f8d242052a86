// What must be known at the top of the picture: recording, trouble of the network, a device that failed.
import type { MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { Circle, MonitorUp, X } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../widget/components/Icon';
import { useT, type Translate } from '../../widget/i18n';

interface Props {
  media: MediaSnapshot;
  recording: boolean;
  session: MediaSession;
}

function problemText(t: Translate, { device, problem }: NonNullable<MediaSnapshot['problem']>): string {
  if (device === 'share') return t('call.problemShare');
  if (device === 'speaker') return t('call.problemSpeaker');
  return t(`devices.problem.${problem}.${device}`);
}

export function CallBanners({ media, recording, session }: Props): JSX.Element {
  const t = useT();
  return (
    <div class="banners">
      {recording && (
        <p class="recorded" title={t('call.recorded')}>
          <Icon node={Circle} size={10} />
          {t('call.recordedShort')}
        </p>
      )}
      <div role="status" class="banners__state">
        {media.phase === 'connecting' && <p class="banner">{t('call.joining')}</p>}
        {media.phase === 'reconnecting' && <p class="banner banner--warning">{t('call.reconnecting')}</p>}
        {media.phase === 'connected' && media.poorConnection && <p class="banner banner--warning">{t('call.poor')}</p>}
      </div>
      {media.sharing && (
        <p class="banner" role="status">
          <Icon node={MonitorUp} size={18} />
          {t('call.ownScreen')}
          <button type="button" class="button button--small button--primary" onClick={() => session.stopShare()}>
            {t('call.stopShare')}
          </button>
        </p>
      )}
      {media.soundBlocked && (
        <p class="banner" role="alert">
          {t('call.blocked')}
          <button type="button" class="button button--small button--primary" onClick={() => void session.unblockSound()}>
            {t('call.unblock')}
          </button>
        </p>
      )}
      {media.problem && (
        <p class="banner banner--warning" role="alert">
          {problemText(t, media.problem)}
          <button type="button" class="icon-button" aria-label={t('call.close')} onClick={() => session.clearProblem()}>
            <Icon node={X} size={18} />
          </button>
        </p>
      )}
    </div>
  );
}
