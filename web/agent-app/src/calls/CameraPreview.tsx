import { VideoOff } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { deviceProblem, openCamera, stopStream } from '@upcall/shared/media/devices';
import type { DeviceProblem, QualityId } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';

interface CameraPreviewProps {
  /** Null: no camera. */
  deviceId: string | null;
  quality: QualityId;
  /** undefined: it works, or nobody has tried. */
  onProblem: (problem: DeviceProblem | undefined) => void;
  /** A new value tries again. */
  attempt: number;
}

export function CameraPreview({ deviceId, quality, onProblem, attempt }: CameraPreviewProps) {
  const { t } = useTexts();
  const video = useRef<HTMLVideoElement>(null);
  const [shown, setShown] = useState(false);
  const [ended, setEnded] = useState(0);

  useEffect(() => {
    setShown(false);
    if (deviceId === null) return onProblem(undefined);
    let live = true;
    let stream: MediaStream | undefined;
    openCamera(deviceId, quality).then(
      (opened) => {
        if (!live) return stopStream(opened);
        stream = opened;
        // Unplugged, or no longer allowed: another attempt tells what is the matter.
        opened.getTracks()[0]?.addEventListener('ended', () => live && setEnded((n) => n + 1));
        if (video.current) video.current.srcObject = opened;
        setShown(true);
        onProblem(undefined);
      },
      (error: unknown) => live && onProblem(deviceProblem(error)),
    );
    return () => {
      live = false;
      stopStream(stream);
    };
  }, [deviceId, quality, onProblem, attempt, ended]);

  return (
    <div className="preview">
      <video ref={video} className={shown ? 'preview__video' : 'preview__video preview__video--off'} autoPlay muted playsInline aria-label={t('devices.preview')} />
      {!shown && (
        <p className="preview__off">
          <VideoOff size={28} aria-hidden />
          {t('devices.cameraOff')}
        </p>
      )}
    </div>
  );
}
