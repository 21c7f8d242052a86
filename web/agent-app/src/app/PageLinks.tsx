import { Eye, type LucideIcon, UserSearch, Workflow } from 'lucide-react';
import { NavLink } from 'react-router';
import { useTexts } from '../i18n/texts';
import { useMay } from '../session/permissions';

function PageLink({ to, icon: Icon, label }: { to: string; icon: LucideIcon; label: string }) {
  return (
    <NavLink to={to} className="shell__link">
      <Icon size={18} aria-hidden />
      <span>{label}</span>
    </NavLink>
  );
}

/** The pages besides the desk, for those who may. */
export function PageLinks() {
  const { t } = useTexts();
  const monitors = useMay('contact.monitor');
  const searches = useMay('contact.search');
  const administers = useMay('instance.admin');
  if (!monitors && !searches && !administers) return null;
  return (
    <nav className="shell__nav" aria-label={t('shell.pages')}>
      {monitors && <PageLink to="/supervise" icon={Eye} label={t('supervise.open')} />}
      {searches && <PageLink to="/contacts" icon={UserSearch} label={t('search.nav')} />}
      {administers && <PageLink to="/pipeline" icon={Workflow} label={t('pipeline.nav')} />}
    </nav>
  );
}
