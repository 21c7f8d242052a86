import { Clapperboard } from 'lucide-react';
import { ProgressBar } from 'react-aria-components/ProgressBar';
import type { RecordingSummary } from '../api/recordings';
import { clock } from '../desk/time';
import { useTexts } from '../i18n/texts';

/** 0 to 100, or undefined while nothing can be told. */
export function composedPercent({ progress }: RecordingSummary): number | undefined {
  if (!progress || progress.capturedSeconds <= 0) return undefined;
  return Math.min(100, Math.floor((progress.composedSeconds / progress.capturedSeconds) * 100));
}

/** `watched`: what is there of the film plays above it. */
export function Making({ recording, watched = false }: { recording: RecordingSummary; watched?: boolean }) {
  const { t } = useTexts();
  const isRunning = recording.status !== 'composing';
  const percent = isRunning ? undefined : composedPercent(recording);
  const text = isRunning ? 'running' : 'composing';
  return (
    <div className={watched ? 'making making--below' : 'making'}>
      <Clapperboard size={32} aria-hidden />
      <h2>{t(`playback.${text}.title`)}</h2>
      <p>{t(watched ? `playback.${text}.watched` : `playback.${text}.text`)}</p>
      {isRunning && recording.progress && <p className="making__time">{clock(recording.progress.capturedSeconds * 1000)}</p>}
      <ProgressBar
        className="progress"
        aria-label={t(`playback.${text}.title`)}
        {...(percent === undefined ? { isIndeterminate: true } : { value: percent })}
      >
        {({ percentage, valueText }) => (
          <>
            <span className="progress__track">
              <progress className="progress__bar" max={100} {...(percentage === undefined ? {} : { value: percentage })} aria-hidden />
            </span>
            {percentage !== undefined && <span className="making__percent">{valueText}</span>}
          </>
        )}
      </ProgressBar>
    </div>
  );
}
