import { Volume2 } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { playTestTone } from '@upcall/shared/media/tones';
import { Button } from '../ui/Button';
import { useAction } from '../ui/use-action';

export function SpeakerTest({ speakerId }: { speakerId: string }) {
  const { t } = useTranslation();
  const [play, playing] = useAction(useCallback(() => playTestTone(speakerId || null), [speakerId]));
  return (
    <Button icon={Volume2} busy={playing} onPress={() => play()}>
      {playing ? t('devices.testing') : t('devices.test')}
    </Button>
  );
}
