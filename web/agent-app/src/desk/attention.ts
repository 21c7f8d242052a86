// What calls for the agent: a ring and a notification for an offered contact, the count in the page's title.
import { Ringer } from '@upcall/shared/media/tones';
import { onCentreEvent, useCentre } from '../centre/store';
import { customerName, type Contact } from '../centre/types';
import { text as t } from '../i18n/texts';
import { setTitleNews } from '../ui/page';
import { useAttention } from './attention-settings';

function offered(contacts: Contact[]): Contact[] {
  return contacts.filter((contact) => contact.state === 'connecting');
}

export function startAttention(): () => void {
  const ringer = new Ringer();
  const shown = new Map<string, Notification>();

  const ring = () => {
    const wanted = useAttention.getState().ring && offered(useCentre.getState().contacts).length > 0;
    if (wanted) ringer.start();
    else ringer.stop();
  };

  const title = () => {
    const { contacts, chats } = useCentre.getState();
    const unread = Object.values(chats).reduce((sum, chat) => sum + chat.unread, 0);
    const waiting = offered(contacts)[0];
    const start = waiting ? `${t('attention.title')} · ` : unread > 0 ? `(${unread}) ` : '';
    setTitleNews(start);
  };

  const notify = (key: string, heading: string, body: string) => {
    if (!document.hidden || !useAttention.getState().notify) return;
    const notification = new Notification(heading, { body, tag: key });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
    shown.set(key, notification);
  };

  const stops = [
    useCentre.subscribe(() => {
      ring();
      title();
    }),
    useAttention.subscribe(ring),
    onCentreEvent((event, before) => {
      if (event.type === 'contact') {
        const known = before.contacts.find((contact) => contact.contactId === event.contactId);
        if (event.state === 'connecting' && known?.state !== 'connecting') {
          const name = event.contact ? customerName(event.contact) : '';
          notify(event.contactId, t('attention.title'), name || t('contact.unnamed'));
        } else if (event.state !== 'connecting') {
          shown.get(event.contactId)?.close();
          shown.delete(event.contactId);
        }
      }
      if (event.type === 'item' && event.item.Type === 'MESSAGE' && event.item.ParticipantRole === 'CUSTOMER') {
        notify(event.contactId, event.item.DisplayName || t('contact.unnamed'), (event.item.Content ?? '').slice(0, 200));
      }
    }),
  ];
  ring();
  title();
  return () => {
    for (const stop of stops) stop();
    ringer.stop();
    for (const notification of shown.values()) notification.close();
    setTitleNews('');
  };
}
