import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useTexts } from '../i18n/texts';
import { Logo } from '../ui/Logo';
import { PageLinks } from './PageLinks';
import { LanguageMenu, ThemeMenu } from './Preferences';

/** The bar above every page of the signed-in: home, the other pages, what this one adds, theme and language. */
export function Header({ before, after }: { before?: ReactNode; after: ReactNode }) {
  const { t } = useTexts();
  return (
    <header className="shell__head">
      <Link to="/" className="shell__home" aria-label={t('shell.home')}>
        <Logo />
      </Link>
      <PageLinks />
      <div className="shell__tools">
        {before}
        <ThemeMenu />
        <LanguageMenu />
        {after}
      </div>
    </header>
  );
}
