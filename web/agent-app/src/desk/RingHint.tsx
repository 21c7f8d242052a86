import { VolumeX } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useCentre } from '../centre/store';
import { useTexts } from '../i18n/texts';
import { useAttention } from './attention-settings';

/** After a reload browsers play no sound before the first click: a contact would ring unheard. */
export function RingHint() {
  const { t } = useTexts();
  const wanted = useAttention((settings) => settings.ring);
  const available = useCentre((centre) => centre.agent?.status === 'available');
  const [silent, setSilent] = useState(navigator.userActivation?.hasBeenActive === false);
  useEffect(() => {
    if (!silent) return;
    const heard = () => setSilent(false);
    const kinds = ['pointerdown', 'keydown'] as const;
    for (const kind of kinds) addEventListener(kind, heard);
    return () => kinds.forEach((kind) => removeEventListener(kind, heard));
  }, [silent]);
  if (!silent || !wanted || !available) return null;
  return (
    <p className="call-bar" role="status">
      <VolumeX size={18} aria-hidden />
      {t('shell.ringSilent')}
    </p>
  );
}
