import type { DeviceProblem } from '@upcall/shared/media/types';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Notice } from '../ui/Notice';

interface DeviceHelpProps {
  device: 'microphone' | 'camera';
  problem: DeviceProblem;
  onRetry: () => void;
}

/** What is wrong in plain words, what to do, and that the call works without. */
export function DeviceHelp({ device, problem, onRetry }: DeviceHelpProps) {
  const { t } = useTexts();
  return (
    <Notice kind="warning" action={<Button onPress={onRetry}>{t('common.retry')}</Button>}>
      <strong>{t(`devices.problem.${problem}.title`, { device: t(`devices.the.${device}`) })}</strong>
      <br />
      {t(`devices.problem.${problem}.help`)} {t(`devices.without.${device}`)}
    </Notice>
  );
}
