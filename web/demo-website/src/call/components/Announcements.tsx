// For those who do not see the tiles: who came, who went, whether it is recorded.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useT } from '../../widget/i18n';
import type { Person } from '../people';

interface Props {
  people: readonly Person[];
  recording: boolean;
}

export function Announcements({ people, recording }: Props): JSX.Element {
  const t = useT();
  const [text, setText] = useState('');
  const known = useRef(new Map<string, string>());
  const wasRecording = useRef(false);

  const named = people.filter((person) => person.name !== null);
  const sign = named.map((person) => person.attendeeId).join() + people.length;
  useEffect(() => {
    const news: string[] = [];
    for (const person of named) {
      if (!known.current.has(person.attendeeId)) news.push(t('call.joinedAnnounce', { name: person.name! }));
      known.current.set(person.attendeeId, person.name!);
    }
    for (const [id, name] of known.current) {
      if (people.some((person) => person.attendeeId === id)) continue;
      known.current.delete(id);
      news.push(t('call.leftAnnounce', { name }));
    }
    if (news.length > 0) setText(news.join('. '));
  }, [sign]);

  useEffect(() => {
    if (recording !== wasRecording.current) setText(t(recording ? 'call.recorded' : 'call.notRecorded'));
    wasRecording.current = recording;
  }, [recording]);

  return (
    <p class="visually-hidden" role="status">
      {text}
    </p>
  );
}
