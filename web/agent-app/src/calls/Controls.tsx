import {
  ChevronUp,
  Circle,
  Eraser,
  Keyboard,
  type LucideIcon,
  Mic,
  MicOff,
  MonitorUp,
  MonitorX,
  Pause,
  PhoneOff,
  Play,
  Square,
  Video,
  VideoOff,
  Volume2,
  VolumeX,
} from 'lucide-react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { canChooseSpeaker, canShareScreen, type Device } from '@upcall/shared/media/devices';
import type { MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';
import { recordButton } from './recording-machine';
import { devicePreferences, keepDevicePreferences } from './preferences';
import { type Call, forgetLast, togglePause, toggleRecording } from './store';
import { useDevices } from './use-devices';

interface ControlsProps {
  call: Call;
  session: MediaSession;
  media: MediaSnapshot;
  onLeave: () => void;
  onShortcuts: () => void;
}

export function Controls({ call, session, media, onLeave, onShortcuts }: ControlsProps) {
  const { t } = useTexts();
  const devices = useDevices(media.phase);
  const record = recordButton(call.recording);
  const silent = media.muted || !media.hasMicrophone;
  const keep = (part: Parameters<typeof keepDevicePreferences>[0] extends infer P ? Partial<P> : never) =>
    keepDevicePreferences({ ...devicePreferences(), ...part });
  return (
    <div className="controls" role="toolbar" aria-label={t('controls.label')}>
      <Control
        icon={silent ? MicOff : Mic}
        label={silent ? t('controls.unmute') : t('controls.mute')}
        shortcut="M"
        off={silent}
        onPress={() => void session.setMuted(!silent)}
      >
        <DeviceMenu
          label={t('controls.chooseMicrophone')}
          name={t('devices.microphone')}
          devices={devices.microphones}
          onChoose={(id) => {
            keep({ microphone: id });
            void session.useMicrophone(id);
          }}
        />
      </Control>
      <Control
        icon={media.cameraOn ? Video : VideoOff}
        label={media.cameraOn ? t('controls.cameraOff') : t('controls.cameraOn')}
        shortcut="V"
        off={!media.cameraOn}
        onPress={() => void session.setCameraOn(!media.cameraOn)}
      >
        <DeviceMenu
          label={t('controls.chooseCamera')}
          name={t('devices.camera')}
          devices={devices.cameras}
          onChoose={(id) => {
            keep({ camera: id });
            void session.useCamera(id);
          }}
        />
      </Control>
      {canShareScreen() && (
        <Control
          icon={media.sharing ? MonitorX : MonitorUp}
          label={media.sharing ? t('call.stopShare') : t('controls.share')}
          shortcut="S"
          on={media.sharing}
          onPress={() => (media.sharing ? session.stopShare() : void session.startShare())}
        />
      )}
      <Control
        icon={media.speakerOn ? Volume2 : VolumeX}
        label={media.speakerOn ? t('controls.speakerOff') : t('controls.speakerOn')}
        off={!media.speakerOn}
        onPress={() => session.setSpeakerOn(!media.speakerOn)}
      >
        {canChooseSpeaker() && (
          <DeviceMenu
            label={t('controls.chooseSpeaker')}
            name={t('devices.speaker')}
            devices={devices.speakers}
            onChoose={(id) => {
              keep({ speaker: id });
              void session.useSpeaker(id);
            }}
          />
        )}
      </Control>
      {call.canRecord && (
        <Control
          icon={record.selected ? Square : Circle}
          label={record.selected ? t('controls.stopRecording') : t('controls.record')}
          shortcut="R"
          live={record.selected}
          busy={record.busy}
          onPress={() => toggleRecording(call.meetingId)}
        />
      )}
      {call.pause.recording && (
        <Control
          icon={call.pause.resumesAt === undefined ? Pause : Play}
          label={call.pause.resumesAt === undefined ? t('controls.pauseRecording') : t('controls.resumeRecording')}
          shortcut="K"
          on={call.pause.resumesAt !== undefined}
          busy={call.pause.request === 'pause' || call.pause.request === 'resume'}
          onPress={() => togglePause(call.meetingId)}
        />
      )}
      {call.pause.recording && call.forgetMost > 0 && <ForgetMenu call={call} />}
      <span className="controls__wide">
        <Control icon={Keyboard} label={t('controls.shortcuts')} shortcut="?" onPress={onShortcuts} />
      </span>
      <Control icon={PhoneOff} label={t('controls.leave')} shortcut="L" leave onPress={onLeave} />
    </div>
  );
}

const FORGET_CHOICES_S = [10, 30, 60, 120, 300];

/** Two presses and no question: who has heard a card's number has no time for one. */
function ForgetMenu({ call }: { call: Call }) {
  const { t } = useTexts();
  const choices = [...FORGET_CHOICES_S.filter((seconds) => seconds < call.forgetMost), call.forgetMost];
  return (
    <MenuTrigger>
      <span className={`control control--plain${call.pause.request === 'forget' ? ' control--busy' : ''}`}>
        <IconButton icon={Eraser} label={t('controls.forget')} />
      </span>
      <Popover className="popover" placement="top">
        <Menu className="menu" aria-label={t('controls.forget')} onAction={(seconds) => forgetLast(call.meetingId, Number(seconds))}>
          {choices.map((seconds) => (
            <MenuItem key={seconds} id={seconds} className="menu__item">
              {t('controls.forgetSeconds', { seconds })}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

interface ControlProps {
  icon: LucideIcon;
  label: string;
  shortcut?: string;
  off?: boolean;
  on?: boolean;
  live?: boolean;
  leave?: boolean;
  busy?: boolean;
  onPress: () => void;
  children?: React.ReactNode;
}

function Control({ icon, label, shortcut, off, on, live, leave, busy, onPress, children }: ControlProps) {
  const look = off ? 'off' : on ? 'on' : live ? 'live' : leave ? 'leave' : 'plain';
  return (
    <span className={`control control--${look}${busy ? ' control--busy' : ''}`}>
      <IconButton icon={icon} label={label} shortcut={shortcut} onPress={onPress} />
      {children}
    </span>
  );
}

interface DeviceMenuProps {
  label: string;
  name: string;
  devices: Device[];
  onChoose: (id: string) => void;
}

function DeviceMenu({ label, name, devices, onChoose }: DeviceMenuProps) {
  if (devices.length < 2) return null;
  return (
    <MenuTrigger>
      <AriaButton className="control__more" aria-label={label}>
        <ChevronUp size={14} aria-hidden />
      </AriaButton>
      <Popover className="popover" placement="top">
        <Menu className="menu" aria-label={label} onAction={(key) => onChoose(String(key))}>
          {devices.map((device, index) => (
            <MenuItem key={device.id} id={device.id} className="menu__item">
              {device.label || `${name} ${index + 1}`}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
