import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { explain } from '@upcall/shared/api/errors';
import { useTexts } from '../i18n/texts';
import { session } from '../session/session';
import { Button } from './Button';

export interface NoticeProps {
  kind?: 'info' | 'warning' | 'error' | undefined;
  children: ReactNode;
  action?: ReactNode | undefined;
}

const ICONS = { info: Info, warning: TriangleAlert, error: CircleAlert };

export function Notice({ kind = 'info', children, action }: NoticeProps) {
  const Icon = ICONS[kind];
  return (
    <div className={`notice notice--${kind}`} role={kind === 'info' ? 'status' : 'alert'}>
      <Icon size={18} aria-hidden />
      <div className="notice__text">{children}</div>
      {action}
    </div>
  );
}

/** A failure as a sentence and a way on. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { t } = useTexts();
  const { text, wayOn } = explain(error);
  const action =
    wayOn === 'logIn' ? (
      <Button onPress={() => session.logOut()}>{t('common.logInAgain')}</Button>
    ) : onRetry && wayOn !== 'reload' ? (
      <Button onPress={onRetry}>{t('common.retry')}</Button>
    ) : wayOn === 'reload' ? (
      <Button onPress={() => location.reload()}>{t('common.reload')}</Button>
    ) : undefined;
  return (
    <Notice kind="error" action={action}>
      {t(`errors.${text}`)}
    </Notice>
  );
}
