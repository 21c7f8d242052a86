import type { ReactNode } from 'react';
import { Eye } from 'lucide-react';
import { Link, NavLink } from 'react-router';
import { useTexts } from '../i18n/texts';
import { mayMonitor, useOnboarding } from '../onboarding/store';
import { Logo } from '../ui/Logo';
import { LanguageMenu, ThemeMenu } from './Preferences';

/** The bar above every page of the signed-in: home, what the page adds, theme and language. */
export function Header({ before, after }: { before?: ReactNode; after: ReactNode }) {
  const { t } = useTexts();
  const monitors = useOnboarding(mayMonitor);
  return (
    <header className="shell__head">
      <Link to="/" className="shell__home" aria-label={t('shell.home')}>
        <Logo />
      </Link>
      {monitors && (
        <nav className="shell__nav" aria-label={t('shell.pages')}>
          <NavLink to="/supervise" className="shell__link">
            <Eye size={18} aria-hidden />
            <span>{t('supervise.open')}</span>
          </NavLink>
        </nav>
      )}
      <div className="shell__tools">
        {before}
        <ThemeMenu />
        <LanguageMenu />
        {after}
      </div>
    </header>
  );
}
