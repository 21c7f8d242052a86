import { SearchX, UserSearch } from 'lucide-react';
import { useLocation, useNavigate } from 'react-router';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { ErrorNotice } from '../ui/Notice';
import { usePage } from '../ui/page';
import { Waiting } from '../ui/Screen';
import { addressOf, filtersOf } from './filters';
import { Results } from './Results';
import { SearchForm } from './SearchForm';
import { type Found, useSearch } from './use-search';
import './contacts.css';

/** Contacts that are over. The address is the search: it can be kept, sent, and gone back to. */
export function ContactsPage() {
  const { t } = useTexts();
  const { search } = useLocation();
  const navigate = useNavigate();
  const main = usePage(t('search.title'));
  const address = addressOf(filtersOf(new URLSearchParams(search))).toString();
  const found = useSearch(address);
  const go = (query: string) => {
    if (query === address) found.again();
    else navigate(query ? `/contacts?${query}` : '/contacts');
  };
  return (
    <main className="contacts" ref={main} tabIndex={-1}>
      <h1>{t('search.title')}</h1>
      <SearchForm key={address} filters={filtersOf(new URLSearchParams(address))} onSearch={(filters) => go(addressOf(filters).toString())} />
      <FoundContacts found={found} filtered={address !== ''} onClear={() => go('')} />
    </main>
  );
}

function FoundContacts({ found, filtered, onClear }: { found: Found; filtered: boolean; onClear: () => void }) {
  const { t } = useTexts();
  const { contacts, next, error, loadingMore, more, again } = found;
  if (!contacts) {
    if (error === undefined) return <Waiting label={t('search.searching')} />;
    return (
      <div className="contacts__none">
        <ErrorNotice error={error} onRetry={again} />
      </div>
    );
  }
  const said = t(next ? 'search.countMore' : 'search.count', { count: contacts.length });
  return (
    <>
      <p className={contacts.length > 0 ? 'contacts__count' : 'visually-hidden'} role="status">
        {said}
      </p>
      {contacts.length === 0 && (
        <div className="contacts__none">
          <span className="screen__icon">{filtered ? <SearchX size={26} aria-hidden /> : <UserSearch size={26} aria-hidden />}</span>
          <h2>{t(filtered ? 'search.none.title' : 'search.empty.title')}</h2>
          <p className="soft">{t(filtered ? 'search.none.text' : 'search.empty.text')}</p>
          {filtered && <Button onPress={onClear}>{t('search.clear')}</Button>}
        </div>
      )}
      {contacts.length > 0 && <Results contacts={contacts} />}
      {error !== undefined && <ErrorNotice error={error} onRetry={more} />}
      {next && error === undefined && (
        <Button busy={loadingMore} onPress={more}>
          {t('search.loadMore')}
        </Button>
      )}
    </>
  );
}
