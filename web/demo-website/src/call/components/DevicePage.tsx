// Before a call: choose, see and hear oneself, and join whatever works. Without camera or microphone it goes on too.
import type { Device } from '@upcall/shared/media/devices';
import type { JoinOptions, QualityId } from '@upcall/shared/media/types';
import { Mic, Video, VideoOff } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../../widget/components/Icon';
import { useT } from '../../widget/i18n';
import { useCamera, useMicrophone } from '../use-capture';
import { useDevices } from '../use-devices';
import { CaptureProblem } from './CaptureProblem';
import { DeviceSelect } from './DeviceSelect';
import { LevelBar } from './LevelBar';
import { SpeakerTest } from './SpeakerTest';
import { StreamVideo } from './StreamVideo';

interface Props {
  onJoin(options: JoinOptions): void;
  onBack(): void;
}

const NONE = 'none';
const QUALITIES = { '360p': 'devices.quality360', '540p': 'devices.quality540', '720p': 'devices.quality720' } as const;

/** Which of the devices a stream comes from, so that the list shows what is really used. */
function deviceOf(stream: MediaStream): string | null {
  return stream.getTracks()[0]?.getSettings().deviceId ?? null;
}

export function DevicePage({ onJoin, onBack }: Props): JSX.Element {
  const t = useT();
  const [microphoneId, setMicrophoneId] = useState<string | null>(null);
  const [cameraId, setCameraId] = useState<string | null>(null);
  const [speakerId, setSpeakerId] = useState<string | null>(null);
  const [quality, setQuality] = useState<QualityId>('540p');
  const [cameraOn, setCameraOn] = useState(false);
  const [microphone, askMicrophone] = useMicrophone(microphoneId !== NONE, microphoneId);
  const [camera, askCamera] = useCamera(cameraOn, cameraId, quality);
  const devices = useDevices(`${microphone.state} ${camera.state}`);
  const gone = (id: string | null, list: readonly Device[]) => id !== null && id !== NONE && !list.some((device) => device.id === id);
  // A device that was unplugged gives way to the system's own choice.
  useEffect(() => {
    if (gone(microphoneId, devices.microphones)) setMicrophoneId(null);
    if (gone(cameraId, devices.cameras)) setCameraId(null);
    if (gone(speakerId, devices.speakers)) setSpeakerId(null);
  }, [devices]);
  const heard = microphone.state === 'open';
  const seen = camera.state === 'open';

  const join = () =>
    onJoin({
      microphone: heard ? (microphoneId ?? deviceOf(microphone.stream) ?? 'default') : null,
      camera: seen ? (cameraId ?? deviceOf(camera.stream)) : cameraId,
      speaker: speakerId,
      quality,
      muted: false,
      cameraOn: seen,
    });

  return (
    <form
      class="devices"
      onSubmit={(event) => {
        event.preventDefault();
        join();
      }}
    >
      <div class="devices__preview">
        {seen ? (
          <StreamVideo stream={camera.stream} label={t('devices.preview')} />
        ) : (
          <p class="devices__off">
            <Icon node={VideoOff} size={28} />
            {camera.state === 'asking' ? t('devices.askingCamera') : t('devices.cameraOffHint')}
          </p>
        )}
      </div>
      <label class="switch">
        <Icon node={Video} />
        <span class="switch__label">{t('devices.cameraOn')}</span>
        <input type="checkbox" role="switch" checked={cameraOn} onChange={(event) => setCameraOn(event.currentTarget.checked)} />
      </label>
      {camera.state === 'problem' && <CaptureProblem device="camera" problem={camera.problem} onAgain={askCamera} />}
      {cameraOn && devices.cameras.length > 1 && (
        <DeviceSelect label={t('devices.camera')} devices={devices.cameras} value={cameraId ?? ''} onValue={(id) => setCameraId(id || null)} />
      )}
      {cameraOn && (
        <label class="field">
          <span class="field__label">{t('devices.quality')}</span>
          <select class="field__input" value={quality} onChange={(event) => setQuality(event.currentTarget.value as QualityId)}>
            {(Object.keys(QUALITIES) as QualityId[]).map((id) => (
              <option key={id} value={id}>
                {t(QUALITIES[id])}
              </option>
            ))}
          </select>
        </label>
      )}
      <DeviceSelect label={t('devices.microphone')} devices={devices.microphones} value={microphoneId ?? ''} onValue={(id) => setMicrophoneId(id || null)} none={{ id: NONE, label: t('devices.noMicrophone') }} />
      <p class="devices__hint" role="status">
        {microphone.state === 'asking' && t('devices.asking')}
      </p>
      {heard && (
        <div class="level">
          <Icon node={Mic} size={18} />
          <LevelBar stream={microphone.stream} label={t('devices.level')} />
          <span class="level__hint">{t('devices.speakHint')}</span>
        </div>
      )}
      {microphone.state === 'problem' && <CaptureProblem device="microphone" problem={microphone.problem} onAgain={askMicrophone} />}
      <div class="devices__speaker">
        {devices.speakers.length > 0 && (
          <DeviceSelect label={t('devices.speaker')} devices={devices.speakers} value={speakerId ?? ''} onValue={(id) => setSpeakerId(id || null)} />
        )}
        <SpeakerTest speakerId={speakerId} />
      </div>
      <div class="devices__actions">
        <button type="button" class="button button--plain" onClick={onBack}>
          {t('devices.back')}
        </button>
        <button type="submit" class="button button--primary">
          {t(heard ? 'devices.join' : 'devices.joinListen')}
        </button>
      </div>
    </form>
  );
}
