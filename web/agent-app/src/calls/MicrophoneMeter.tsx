import { useEffect, useRef, useState } from 'react';
import { deviceProblem, openMicrophone, stopStream } from '@upcall/shared/media/devices';
import { watchLevel } from '@upcall/shared/media/level-meter';
import type { DeviceProblem } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';

interface MicrophoneMeterProps {
  deviceId: string | null;
  onProblem: (problem: DeviceProblem | undefined) => void;
  attempt: number;
}

/** Moves with the voice, drawn without React: it changes twenty times a second. */
export function MicrophoneMeter({ deviceId, onProblem, attempt }: MicrophoneMeterProps) {
  const { t } = useTexts();
  const meter = useRef<HTMLMeterElement>(null);
  const [ended, setEnded] = useState(0);

  useEffect(() => {
    if (deviceId === null) return onProblem(undefined);
    let live = true;
    let stop = () => {};
    openMicrophone(deviceId || null).then(
      (stream) => {
        if (!live) return stopStream(stream);
        stream.getTracks()[0]?.addEventListener('ended', () => live && setEnded((n) => n + 1));
        const unwatch = watchLevel(stream, (level) => {
          if (meter.current) meter.current.value = level;
        });
        stop = () => {
          unwatch();
          stopStream(stream);
        };
        onProblem(undefined);
      },
      (error: unknown) => live && onProblem(deviceProblem(error)),
    );
    return () => {
      live = false;
      stop();
    };
  }, [deviceId, onProblem, attempt, ended]);

  return <meter ref={meter} className="meter" min={0} max={1} aria-label={t('devices.level')} />;
}
