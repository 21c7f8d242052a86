// Pages of a search: the first one anew with every address, more of them on demand.
import { useCallback, useEffect, useRef, useState } from 'react';
import { contactsApi, type FoundContact } from '../api/contacts';
import { filtersOf, queryOf } from './filters';

export interface Found {
  contacts: FoundContact[] | undefined;
  next: string | undefined;
  error: unknown;
  loadingMore: boolean;
  more: () => void;
  again: () => void;
}

export function useSearch(address: string): Found {
  const [contacts, setContacts] = useState<FoundContact[]>();
  const [next, setNext] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [loadingMore, setLoadingMore] = useState(false);
  const [round, setRound] = useState(0);
  const running = useRef<AbortController>(undefined);

  useEffect(() => {
    const stop = new AbortController();
    running.current = stop;
    setContacts(undefined);
    setNext(undefined);
    setError(undefined);
    setLoadingMore(false);
    contactsApi.search(queryOf(filtersOf(new URLSearchParams(address))), stop.signal).then(
      (page) => {
        if (stop.signal.aborted) return;
        setContacts(page.contacts);
        setNext(page.next);
      },
      (failure: unknown) => {
        if (!stop.signal.aborted) setError(failure);
      },
    );
    return () => stop.abort();
  }, [address, round]);

  const more = useCallback(() => {
    const stop = running.current;
    if (!next || loadingMore || !stop) return;
    setLoadingMore(true);
    setError(undefined);
    contactsApi
      .search(queryOf(filtersOf(new URLSearchParams(address)), next), stop.signal)
      .then(
        (page) => {
          if (stop.signal.aborted) return;
          setContacts((before) => [...(before ?? []), ...page.contacts]);
          setNext(page.next);
        },
        (failure: unknown) => {
          if (!stop.signal.aborted) setError(failure);
        },
      )
      .finally(() => {
        if (!stop.signal.aborted) setLoadingMore(false);
      });
  }, [address, next, loadingMore]);

  const again = useCallback(() => setRound((n) => n + 1), []);
  return { contacts, next, error, loadingMore, more, again };
}
