import { Camera, Gauge, Mic, Speaker, Unplug } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { canChooseSpeaker, QUALITIES } from '@upcall/shared/media/devices';
import type { DeviceProblem, QualityId } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { usePage } from '../ui/page';
import { Screen } from '../ui/Screen';
import { useAction } from '../ui/use-action';
import { CameraPreview } from './CameraPreview';
import { CallGate } from './CallGate';
import { DeviceHelp } from './DeviceHelp';
import { DeviceSelect } from './DeviceSelect';
import { LeaveOtherDialog } from './LeaveOtherDialog';
import { MicrophoneMeter } from './MicrophoneMeter';
import { otherRunningCall } from './other-call';
import { devicePreferences, keepDevicePreferences } from './preferences';
import { SpeakerTest } from './SpeakerTest';
import { type Call, joinCall } from './store';
import { useDevices } from './use-devices';
import './devices.css';

/** The choice "without", as an entry of a list. */
const NONE = 'none';

export function DevicesPage() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const meetingId = params.get('meeting');
  if (!meetingId) {
    return (
      <Screen icon={Unplug} title={t('devices.noMeetingTitle')} text={t('devices.noMeetingText')}>
        <Button kind="primary" onPress={() => navigate('/')}>
          {t('common.toDesk')}
        </Button>
      </Screen>
    );
  }
  return <CallGate meetingId={meetingId}>{(call) => <DeviceSetup call={call} />}</CallGate>;
}

function DeviceSetup({ call }: { call: Call }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const main = usePage(t('devices.title'));
  const [chosen, setChosen] = useState(devicePreferences);
  const [problems, setProblems] = useState<{ microphone?: DeviceProblem | undefined; camera?: DeviceProblem | undefined }>({});
  const [attempt, setAttempt] = useState(0);
  const devices = useDevices(JSON.stringify(problems) + attempt);
  const onCamera = useCallback((camera?: DeviceProblem) => setProblems((all) => ({ ...all, camera })), []);
  const onMicrophone = useCallback((microphone?: DeviceProblem) => setProblems((all) => ({ ...all, microphone })), []);

  const options = (list: { id: string; label: string }[], name: string, without: boolean) => [
    ...list.map((device, index) => ({ id: device.id, label: device.label || `${name} ${index + 1}` })),
    ...(without ? [{ id: NONE, label: t('devices.none') }] : []),
  ];
  const microphones = options(devices.microphones, t('devices.microphone'), true);
  const cameras = options(devices.cameras, t('devices.camera'), true);
  // There from the beginning: whatever appears later moves the button away from under a finger.
  const known = options(devices.speakers, t('devices.speaker'), false);
  const speakers = known.length > 0 ? known : [{ id: NONE, label: t('devices.anySpeaker') }];
  const current = (wanted: string | null, list: { id: string }[]) =>
    wanted === null ? NONE : list.some((device) => device.id === wanted) ? wanted : (list[0]?.id ?? NONE);
  const microphone = current(chosen.microphone, microphones);
  const camera = current(chosen.camera, cameras);
  const speaker = current(chosen.speaker, speakers);

  const [other, setOther] = useState<string>();
  const stay = useCallback(() => setOther(undefined), []);
  const [join, joining] = useAction(
    useCallback(async () => {
      const running = otherRunningCall(call.meetingId);
      if (running) return setOther(running.meetingId);
      keepDevicePreferences(chosen);
      await joinCall(call.meetingId, {
        // Who is faster than the list of devices gets the browser's own choice.
        microphone: chosen.microphone === null || problems.microphone ? null : microphone === NONE ? 'default' : microphone,
        camera: chosen.camera === null || problems.camera ? null : camera === NONE ? '' : camera,
        speaker: canChooseSpeaker() && speaker !== NONE ? speaker : null,
        quality: chosen.quality,
        muted: false,
        cameraOn: chosen.camera !== null && !problems.camera,
      });
      await navigate(`/meeting/${encodeURIComponent(call.meetingId)}`, { replace: true });
    }, [call.meetingId, camera, chosen, microphone, navigate, problems, speaker]),
  );

  return (
    <main className="devices" ref={main} tabIndex={-1}>
      <header className="devices__head">
        <h1>{t('devices.title')}</h1>
        <p className="soft">
          {call.customerName ? t('devices.with', { name: call.customerName }) : t('devices.joining', { id: call.meetingId })}
        </p>
      </header>
      <div className="devices__body">
        <div className="devices__see">
          <CameraPreview
            deviceId={camera === NONE ? (chosen.camera === null ? null : '') : camera}
            quality={chosen.quality}
            onProblem={onCamera}
            attempt={attempt}
          />
          {problems.camera && <DeviceHelp device="camera" problem={problems.camera} onRetry={() => setAttempt(attempt + 1)} />}
          {problems.microphone && (
            <DeviceHelp device="microphone" problem={problems.microphone} onRetry={() => setAttempt(attempt + 1)} />
          )}
        </div>
        <div className="form card">
          <DeviceSelect
            label={t('devices.microphone')}
            icon={Mic}
            options={microphones}
            value={microphone}
            onChange={(id) => setChosen({ ...chosen, microphone: id === NONE ? null : id })}
          />
          <MicrophoneMeter
            deviceId={microphone === NONE ? (chosen.microphone === null ? null : '') : microphone}
            onProblem={onMicrophone}
            attempt={attempt}
          />
          <DeviceSelect
            label={t('devices.camera')}
            icon={Camera}
            options={cameras}
            value={camera}
            onChange={(id) => setChosen({ ...chosen, camera: id === NONE ? null : id })}
          />
          <DeviceSelect
            label={t('devices.quality')}
            icon={Gauge}
            options={Object.values(QUALITIES).map(({ id, frameRate }) => ({ id, label: t(`devices.qualities.${id}`, { fps: frameRate }) }))}
            value={chosen.quality}
            onChange={(id) => setChosen({ ...chosen, quality: id as QualityId })}
          />
          {canChooseSpeaker() && (
            <DeviceSelect
              label={t('devices.speaker')}
              icon={Speaker}
              options={speakers}
              value={speaker}
              onChange={(id) => setChosen({ ...chosen, speaker: id })}
            />
          )}
          <SpeakerTest speakerId={speaker === NONE ? '' : speaker} />
          <Button kind="primary" wide busy={joining} onPress={() => join()}>
            {joining ? t('devices.joiningNow') : t('devices.join')}
          </Button>
          <LeaveOtherDialog
            meetingId={other}
            onCancel={stay}
            onLeft={() => {
              stay();
              join();
            }}
          />
          <p className="form__note">
            {call.customerName
              ? t('devices.asWith', { customer: call.customerName, name: call.ownName })
              : t('devices.as', { id: call.meetingId, name: call.ownName })}
          </p>
        </div>
      </div>
    </main>
  );
}
