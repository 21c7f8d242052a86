// A camera or microphone while it is being chosen: asked for, open, or refused with a reason.
import { deviceProblem, openCamera, openMicrophone, stopStream } from '@upcall/shared/media/devices';
import type { DeviceProblem, QualityId } from '@upcall/shared/media/types';
import { useEffect, useState } from 'preact/hooks';

export type Capture =
  | { state: 'off' }
  | { state: 'asking' }
  | { state: 'open'; stream: MediaStream }
  | { state: 'problem'; problem: DeviceProblem };

/** `open` null: not wanted. It is called again when one of `inputs` changes, and when `again` of the answer is called. */
function useCapture(open: (() => Promise<MediaStream>) | null, inputs: unknown[]): [Capture, () => void] {
  const [capture, setCapture] = useState<Capture>({ state: 'off' });
  const [round, setRound] = useState(0);

  useEffect(() => {
    if (!open) return setCapture({ state: 'off' });
    let live = true;
    let stream: MediaStream | undefined;
    setCapture({ state: 'asking' });
    open().then(
      (opened) => {
        stream = opened;
        // Unplugged, or no longer allowed: asked for once more, which tells what is the matter.
        opened.getTracks()[0]?.addEventListener('ended', () => live && setRound((n) => n + 1));
        if (live) setCapture({ state: 'open', stream: opened });
        else stopStream(opened);
      },
      (error: unknown) => live && setCapture({ state: 'problem', problem: deviceProblem(error) }),
    );
    return () => {
      live = false;
      stopStream(stream);
    };
  }, [open === null, round, ...inputs]);

  return [capture, () => setRound((n) => n + 1)];
}

export function useMicrophone(wanted: boolean, deviceId: string | null): [Capture, () => void] {
  return useCapture(wanted ? () => openMicrophone(deviceId) : null, [deviceId]);
}

export function useCamera(wanted: boolean, deviceId: string | null, quality: QualityId): [Capture, () => void] {
  return useCapture(wanted ? () => openCamera(deviceId, quality) : null, [deviceId, quality]);
}
