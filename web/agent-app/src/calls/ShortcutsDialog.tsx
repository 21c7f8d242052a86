import { useState } from 'react';
import { canShareScreen } from '@upcall/shared/media/devices';
import { useTexts } from '../i18n/texts';
import { Dialog } from '../ui/Dialog';
import { keepSingleKeys, singleKeys } from './preferences';

const SHORTCUTS = [
  ['M', 'microphone'],
  ['V', 'camera'],
  ['S', 'share'],
  ['R', 'record'],
  ['K', 'pause'],
  ['C', 'chat'],
  ['P', 'people'],
  ['L', 'leave'],
  ['?', 'help'],
] as const;

export function ShortcutsDialog({ canRecord, canPause, isOpen, onClose }: { canRecord: boolean; canPause: boolean; isOpen: boolean; onClose: () => void }) {
  const { t } = useTexts();
  const [wanted, setWanted] = useState(singleKeys);
  const change = (on: boolean) => {
    keepSingleKeys(on);
    setWanted(on);
  };
  const there = { record: canRecord, pause: canPause, share: canShareScreen() };
  return (
    <Dialog title={t('shortcuts.title')} isOpen={isOpen} onClose={onClose}>
      <label className="check">
        <input type="checkbox" checked={wanted} onChange={(event) => change(event.target.checked)} />
        {t('shortcuts.use')}
      </label>
      <dl className={`shortcuts${wanted ? '' : ' shortcuts--off'}`}>
        {SHORTCUTS.filter(([, what]) => there[what as keyof typeof there] ?? true).map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`shortcuts.${what}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
