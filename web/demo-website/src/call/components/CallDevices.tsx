// Other devices during the call.
import type { MediaSession, MediaSnapshot } from '@upcall/shared/media/types';
import type { JSX, RefObject } from 'preact';
import { useState } from 'preact/hooks';
import { useT } from '../../widget/i18n';
import { useDevices } from '../use-devices';
import { DeviceSelect } from './DeviceSelect';

interface Props {
  dialog: RefObject<HTMLDialogElement | null>;
  session: MediaSession;
  media: MediaSnapshot;
}

export function CallDevices({ dialog, session, media }: Props): JSX.Element {
  const t = useT();
  const devices = useDevices(`${media.hasMicrophone} ${media.cameraOn}`);
  const [chosen, setChosen] = useState({ microphone: '', camera: '', speaker: '' });

  const choose = (kind: 'microphone' | 'camera' | 'speaker', id: string, use: (id: string) => Promise<void>) => {
    setChosen({ ...chosen, [kind]: id });
    void use(id || 'default');
  };

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="upcall-devices-title" onKeyDown={(event) => event.key === 'Escape' && event.stopPropagation()}>
      <h3 id="upcall-devices-title" class="dialog__title">
        {t('call.devicesTitle')}
      </h3>
      <DeviceSelect label={t('devices.microphone')} devices={devices.microphones} value={chosen.microphone} onValue={(id) => choose('microphone', id, (d) => session.useMicrophone(d))} />
      <DeviceSelect label={t('devices.camera')} devices={devices.cameras} value={chosen.camera} onValue={(id) => choose('camera', id, () => session.useCamera(id || devices.cameras[0]?.id || ''))} />
      {devices.speakers.length > 0 && (
        <DeviceSelect label={t('devices.speaker')} devices={devices.speakers} value={chosen.speaker} onValue={(id) => choose('speaker', id, (d) => session.useSpeaker(d))} />
      )}
      <div class="dialog__actions">
        <button type="button" class="button button--primary" onClick={() => dialog.current?.close()}>
          {t('call.close')}
        </button>
      </div>
    </dialog>
  );
}
