import { Volume2 } from 'lucide-react';
import { useCallback } from 'react';
import { playTestTone } from '@upcall/shared/media/tones';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { useAction } from '../ui/use-action';

export function SpeakerTest({ speakerId }: { speakerId: string }) {
  const { t } = useTexts();
  const [play, playing] = useAction(useCallback(() => playTestTone(speakerId || null), [speakerId]));
  return (
    <Button icon={Volume2} busy={playing} onPress={() => play()}>
      {playing ? t('devices.testing') : t('devices.test')}
    </Button>
  );
}
