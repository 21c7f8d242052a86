import { UserSearch } from 'lucide-react';
import { NavLink } from 'react-router';
import { useTexts } from '../i18n/texts';
import { useMay } from '../session/permissions';

/** The way to the search of contacts, for those who may. */
export function ContactsLink() {
  const { t } = useTexts();
  if (!useMay('contact.search')) return null;
  return (
    <NavLink to="/contacts" className="button button--quiet shell__link">
      <UserSearch size={18} aria-hidden />
      <span>{t('search.nav')}</span>
    </NavLink>
  );
}
