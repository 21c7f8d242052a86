import type { DeviceProblem } from '@upcall/shared/media/types';
import { TriangleAlert } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../widget/components/Icon';
import { useT } from '../../widget/i18n';

interface Props {
  device: 'microphone' | 'camera';
  problem: DeviceProblem;
  onAgain(): void;
}

/** What is wrong and what helps, in words of people who do not know browsers. */
export function CaptureProblem({ device, problem, onAgain }: Props): JSX.Element {
  const t = useT();
  const hopeless = problem === 'insecure' || problem === 'unsupported';
  return (
    <div class="problem" role="alert">
      <Icon node={TriangleAlert} />
      <div>
        <p>{t(`devices.problem.${problem}.${device}`)}</p>
        {!hopeless && (
          <button type="button" class="link-button" onClick={onAgain}>
            {t('devices.askAgain')}
          </button>
        )}
      </div>
    </div>
  );
}
