import type { MediaProblem, MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Notice } from '../ui/Notice';

/** What must be known of the call itself, over its picture. */
export function CallNotices({ session, media }: { session: MediaSession; media: MediaSnapshot }) {
  const { t } = useTexts();
  return (
    <div className="call__notices">
      {media.phase === 'connecting' && <Notice>{t('call.connecting')}</Notice>}
      {media.phase === 'reconnecting' && <Notice kind="warning">{t('call.reconnecting')}</Notice>}
      {media.phase === 'connected' && media.ownSignal < 2 && (
        <Notice kind="warning">
          {t(media.ownSignal === 0 ? 'call.gone' : 'call.poor')} {media.cameraOn && t('call.poorCamera')}
        </Notice>
      )}
      {media.soundBlocked && (
        <Notice kind="warning" action={<Button onPress={() => void session.unblockSound()}>{t('call.soundOn')}</Button>}>
          {t('call.soundBlocked')}
        </Notice>
      )}
      {media.problem && <Problem problem={media.problem} session={session} />}
    </div>
  );
}

/** What the person can do now; nothing where only another address or another browser helps. */
function wayOn({ device, problem }: MediaProblem, session: MediaSession): (() => Promise<void>) | undefined {
  if (problem === 'insecure' || problem === 'unsupported' || problem === 'replaced' || problem === 'silenced') return undefined;
  if (device === 'microphone') return () => session.setMuted(false);
  if (device === 'camera') return () => session.setCameraOn(true);
  return undefined;
}

function Problem({ problem: what, session }: { problem: MediaProblem; session: MediaSession }) {
  const { t } = useTexts();
  const again = wayOn(what, session);
  const words = () => {
    const { device, problem } = what;
    if (device === 'share') return t('call.problem.share');
    if (device === 'speaker') return t(problem === 'replaced' ? 'call.problem.speakerReplaced' : 'call.problem.speaker');
    if (problem === 'replaced') return t('call.problem.microphoneReplaced');
    if (problem === 'silenced') return t('call.problem.microphoneSilenced');
    if (problem === 'lost') return t('call.problem.cameraLost');
    return `${t(`devices.problem.${problem}.title`, { device: t(`devices.the.${device}`) })} ${t(`devices.problem.${problem}.help`)}`;
  };
  return (
    <Notice
      kind="warning"
      action={
        <>
          {again && <Button onPress={() => void again()}>{t(what.problem === 'lost' ? 'controls.cameraOn' : 'common.retry')}</Button>}
          <Button onPress={() => session.clearProblem()}>{t('common.close')}</Button>
        </>
      }
    >
      {words()}
    </Notice>
  );
}
