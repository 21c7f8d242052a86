import { LogOut } from 'lucide-react';
import { useTexts } from '../i18n/texts';
import { session } from '../session/session';
import { IconButton } from '../ui/Button';

/** For pages without a desk to be signed out of. */
export function SignOut() {
  const { t } = useTexts();
  return <IconButton label={t('shell.signOut')} icon={LogOut} onPress={() => session.logOut()} />;
}
