import { useEffect, useState } from 'react';
import { supervisorApi } from '../api/supervisor';
import { useTexts } from '../i18n/texts';
import { QualityMark } from '../quality/QualityMark';
import type { PersonQuality } from '../quality/types';

const EVERY_MS = 2_000;

type Named = PersonQuality & { name?: string };

/** How the people of the watched contact's call fare; nothing while there is no call. */
export function LiveQuality({ contactId }: { contactId: string }) {
  const { t } = useTexts();
  const [people, setPeople] = useState<Named[]>([]);
  useEffect(() => {
    const stopped = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      supervisorApi
        .quality(contactId, stopped.signal)
        .then(({ people: now }) => setPeople(now))
        // Asked again soon; who watches no longer is told by the chat.
        .catch(() => undefined)
        .finally(() => {
          if (!stopped.signal.aborted) timer = setTimeout(ask, EVERY_MS);
        });
    };
    ask();
    return () => {
      stopped.abort();
      clearTimeout(timer);
    };
  }, [contactId]);
  if (people.length === 0) return null;
  return (
    <section className="live-quality" aria-label={t('quality.now')}>
      <span className="soft">{t('quality.now')}</span>
      {people.map((person) => {
        const name = person.name || t('call.unnamed');
        return (
          <span key={person.attendeeId} className="live-quality__person">
            <span dir="auto">{name}</span>
            <QualityMark name={name} quality={person} />
          </span>
        );
      })}
    </section>
  );
}
