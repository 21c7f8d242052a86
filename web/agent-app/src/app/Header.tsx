import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useTexts } from '../i18n/texts';
import { Logo } from '../ui/Logo';
import { ContactsLink } from './ContactsLink';
import { LanguageMenu, ThemeMenu } from './Preferences';

/** The bar above every page of the signed-in: home, what the page adds, theme and language. */
export function Header({ before, after }: { before?: ReactNode; after: ReactNode }) {
  const { t } = useTexts();
  return (
    <header className="shell__head">
      <Link to="/" className="shell__home" aria-label={t('shell.home')}>
        <Logo />
      </Link>
      <div className="shell__tools">
        <ContactsLink />
        {before}
        <ThemeMenu />
        <LanguageMenu />
        {after}
      </div>
    </header>
  );
}
