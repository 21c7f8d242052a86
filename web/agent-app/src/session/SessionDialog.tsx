import { useTexts } from '../i18n/texts';
import { Dialog } from '../ui/Dialog';
import { LoginForm } from './LoginForm';

interface SessionDialogProps {
  username?: string | undefined;
}

/** The session has ended in the middle of a call: the call stays as it is, seen and heard, and the log-in comes over it. */
export function SessionDialog({ username }: SessionDialogProps) {
  const { t } = useTexts();
  return (
    <Dialog title={t('login.expired.title')} isOpen isQuestion onClose={() => undefined}>
      <p className="soft">{t('login.expired.inCall')}</p>
      <LoginForm username={username} />
    </Dialog>
  );
}
