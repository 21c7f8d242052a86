import { useTexts } from '../i18n/texts';
import { Dialog } from '../ui/Dialog';

const SHORTCUTS = [
  ['M', 'microphone'],
  ['V', 'camera'],
  ['S', 'share'],
  ['R', 'record'],
  ['C', 'chat'],
  ['P', 'people'],
  ['L', 'leave'],
  ['?', 'help'],
] as const;

export function ShortcutsDialog({ canRecord, isOpen, onClose }: { canRecord: boolean; isOpen: boolean; onClose: () => void }) {
  const { t } = useTexts();
  return (
    <Dialog title={t('shortcuts.title')} isOpen={isOpen} onClose={onClose}>
      <dl className="shortcuts">
        {SHORTCUTS.filter(([, what]) => what !== 'record' || canRecord).map(([key, what]) => (
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
