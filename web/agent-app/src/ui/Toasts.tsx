import { CircleAlert, CircleCheck, TriangleAlert, X } from 'lucide-react';
import { useTexts } from '../i18n/texts';
import { IconButton } from './Button';
import { type ToastKind, useToasts } from './toasts';

const ICONS: Record<ToastKind, typeof CircleCheck> = { info: CircleCheck, warning: TriangleAlert, error: CircleAlert };

/** Both regions are always there: a screen reader only hears changes of what it knows. */
export function Toasts() {
  const { t } = useTexts();
  const { toasts, close, hold } = useToasts();
  const list = (urgent: boolean) =>
    toasts
      .filter((toast) => (toast.kind === 'error') === urgent)
      .map((toast) => {
        const Icon = ICONS[toast.kind];
        return (
          <div key={toast.id} className={`toast toast--${toast.kind}`}>
            <Icon size={18} aria-hidden />
            <p>{toast.text}</p>
            <IconButton label={t('common.close')} icon={X} small onPress={() => close(toast.id)} />
          </div>
        );
      });
  return (
    <div
      className="toasts"
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
    >
      <div role="alert">{list(true)}</div>
      <div role="status">{list(false)}</div>
    </div>
  );
}
