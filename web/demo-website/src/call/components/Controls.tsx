import { canShareScreen } from '@upcall/shared/media/devices';
import type { MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { MessageCircle, Mic, MicOff, MonitorUp, MonitorX, Settings2, SwitchCamera, Video, VideoOff, Volume2, VolumeX } from 'lucide';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { WidgetController } from '../../widget/controller';
import { useT } from '../../widget/i18n';
import { useStore } from '../../widget/store';
import { CallDevices } from './CallDevices';
import { ControlButton } from './ControlButton';

interface Props {
  controller: WidgetController;
  session: MediaSession;
  media: MediaSnapshot;
}

const canShare = canShareScreen();
/** A thing that is held in the hand: it has a camera on each side. */
const isHandheld = matchMedia('(pointer: coarse)').matches;

export function Controls({ controller, session, media }: Props): JSX.Element {
  const t = useT();
  const { open, unread } = useStore(controller.store);
  const devices = useRef<HTMLDialogElement>(null);
  const silent = media.muted || !media.hasMicrophone;

  return (
    <div class="controls" role="toolbar" aria-label={t('call.controls')}>
      <ControlButton node={silent ? MicOff : Mic} label={t(silent ? 'call.unmute' : 'call.mute')} off={silent} onClick={() => void session.setMuted(!silent)} />
      <ControlButton node={media.cameraOn ? Video : VideoOff} label={t(media.cameraOn ? 'call.cameraOff' : 'call.cameraOn')} off={!media.cameraOn} onClick={() => void session.setCameraOn(!media.cameraOn)} />
      {isHandheld && media.cameraOn && <ControlButton node={SwitchCamera} label={t('call.turnCamera')} onClick={() => void session.turnCamera()} />}
      {canShare && (
        <ControlButton node={media.sharing ? MonitorX : MonitorUp} label={t(media.sharing ? 'call.stopShare' : 'call.share')} active={media.sharing} onClick={() => (media.sharing ? session.stopShare() : void session.startShare())} />
      )}
      <ControlButton node={media.speakerOn ? Volume2 : VolumeX} label={t(media.speakerOn ? 'call.speakerOff' : 'call.speakerOn')} off={!media.speakerOn} onClick={() => session.setSpeakerOn(!media.speakerOn)} />
      <ControlButton node={Settings2} label={t('call.devices')} onClick={() => devices.current?.showModal()} />
      <ControlButton node={MessageCircle} label={unread > 0 ? t('call.chatUnread', { count: unread }) : t('call.chat')} active={open} badge={unread} onClick={() => controller.setOpen(!open)} />
      <button type="button" class="button button--danger controls__leave" onClick={() => void controller.call.leave()}>
        {t('call.leave')}
      </button>
      <CallDevices dialog={devices} session={session} media={media} />
    </div>
  );
}
