import { playTestTone } from '@upcall/shared/media/tones';
import { Volume2 } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../../widget/components/Icon';
import { useT } from '../../widget/i18n';

export function SpeakerTest({ speakerId }: { speakerId: string | null }): JSX.Element {
  const t = useT();
  const [state, setState] = useState<'idle' | 'playing' | 'failed'>('idle');
  const play = () => {
    if (state === 'playing') return;
    setState('playing');
    playTestTone(speakerId).then(() => setState('idle'), () => setState('failed'));
  };
  return (
    <>
      <button type="button" class="button button--plain" onClick={play}>
        <Icon node={Volume2} size={18} />
        {t(state === 'playing' ? 'devices.testing' : 'devices.test')}
      </button>
      <p class="field__error" role="alert">
        {state === 'failed' && t('devices.testFailed')}
      </p>
    </>
  );
}
