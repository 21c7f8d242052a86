// What must be known at the top of the picture: recording, trouble of the network, a device that failed.
import type { MediaProblem, MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { Circle, MonitorUp, X } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../widget/components/Icon';
import { useT, type Translate } from '../../widget/i18n';

interface Props {
  media: MediaSnapshot;
  recording: boolean;
  session: MediaSession;
}

function problemText(t: Translate, { device, problem }: MediaProblem): string {
  if (device === 'share') return t('call.problemShare');
  if (device === 'speaker') return t(problem === 'replaced' ? 'call.speakerReplaced' : 'call.problemSpeaker');
  if (problem === 'replaced') return t('call.microphoneReplaced');
  if (problem === 'silenced') return t('call.microphoneSilenced');
  if (problem === 'lost') return t('call.cameraLost');
  return t(`devices.problem.${problem}.${device}`);
}

/** Asking again helps where the person, or a plug, can have changed something. */
function againOf({ device, problem }: MediaProblem, session: MediaSession): (() => Promise<void>) | null {
  if (problem === 'insecure' || problem === 'unsupported' || problem === 'replaced' || problem === 'silenced') return null;
  if (device === 'microphone') return () => session.setMuted(false);
  return device === 'camera' ? () => session.setCameraOn(true) : null;
}

export function CallBanners({ media, recording, session }: Props): JSX.Element {
  const t = useT();
  const again = media.problem && againOf(media.problem, session);
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
        {media.phase === 'connected' && media.ownSignal < 2 && (
          <p class="banner banner--warning">
            {t(media.ownSignal === 0 ? 'call.gone' : 'call.poor')} {media.cameraOn && t('call.poorCamera')}
          </p>
        )}
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
          {again && (
            <button type="button" class="button button--small button--primary" onClick={() => void again()}>
              {t(media.problem.problem === 'lost' ? 'call.cameraOn' : 'devices.askAgain')}
            </button>
          )}
          <button type="button" class="icon-button" aria-label={t('call.close')} onClick={() => session.clearProblem()}>
            <Icon node={X} size={18} />
          </button>
        </p>
      )}
    </div>
  );
}
