import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useCentre } from '../centre/store';
import { useTexts } from '../i18n/texts';
import { usePage } from '../ui/page';
import { ChatPane } from './ChatPane';
import { ContactList } from './ContactList';
import { Details } from './Details';
import { EmptyDesk } from './EmptyDesk';
import { MissedCard, OfferCard } from './OfferCard';
import './desk.css';

export function DeskPage() {
  const { t } = useTexts();
  const main = usePage(t('desk.title'));
  const [params, setParams] = useSearchParams();
  const contacts = useCentre((centre) => centre.contacts);
  const watch = useCentre((centre) => centre.watch);
  const wanted = params.get('contact') ?? undefined;
  // On a phone the list is a page of its own, which one comes back to.
  const isList = params.has('list');
  const selected = contacts.find((contact) => contact.contactId === wanted);
  // With one contact there is nothing to choose.
  const only = contacts.length === 1 ? contacts[0] : undefined;
  const shown = selected ?? (wanted || isList ? undefined : only);
  const shownId = shown?.contactId;
  const [detailsOpen, setDetailsOpen] = useState(false);
  const isChat = shown?.state === 'connected' || shown?.state === 'ended';

  useEffect(() => {
    watch(isChat ? shownId : undefined);
    return () => watch(undefined);
  }, [watch, shownId, isChat]);

  const select = (contactId: string) => setParams({ contact: contactId }, { replace: true });
  const toList = () => setParams({ list: '' }, { replace: true });

  return (
    <main className={`desk${shown ? ' desk--open' : ''}${detailsOpen ? ' desk--details' : ''}`} ref={main} tabIndex={-1}>
      <h1 className="visually-hidden">{t('desk.title')}</h1>
      <ContactList contacts={contacts} selectedId={shownId} onSelect={select} />
      {/* One that was declined is about to leave the list. */}
      {(!shown || shown.state === 'rejected') && <EmptyDesk />}
      {shown?.state === 'connecting' && <OfferCard key={shownId} contact={shown} onBack={toList} />}
      {shown?.state === 'missed' && <MissedCard key={shownId} contact={shown} />}
      {shown && isChat && (
        <>
          <ChatPane key={`chat-${shownId}`} contact={shown} onBack={toList} onDetails={() => setDetailsOpen(true)} />
          <Details key={`details-${shownId}`} contact={shown} onClose={() => setDetailsOpen(false)} />
        </>
      )}
    </main>
  );
}
