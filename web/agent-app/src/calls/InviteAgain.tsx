import { UserRoundPlus } from 'lucide-react';
import { useCallback } from 'react';
import type { Attendee } from '@upcall/shared/media/types';
import { useCentre } from '../centre/store';
import { ATTRIBUTE, attribute } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { showToast } from '../ui/toasts';
import { useAction } from '../ui/use-action';
import { type Call, inviteAgain } from './store';

/** For a customer who is in the chat and not in the call. */
export function InviteAgain({ call, attendees }: { call: Call; attendees: readonly Attendee[] }) {
  const { t } = useTexts();
  const contact = useCentre((centre) => centre.contacts.find((one) => one.contactId === call.contactId && one.state === 'connected'));
  const customerId = attribute(contact, ATTRIBUTE.customerUserId);
  const [invite, inviting] = useAction(
    useCallback(async () => {
      if (!contact) return;
      await inviteAgain(call, contact);
      showToast('info', t('call.invitedAgain', { name: call.customerName }));
    }, [call, contact, t]),
  );
  if (!customerId || attendees.some((attendee) => attendee.externalUserId === customerId)) return null;
  return (
    <Button icon={UserRoundPlus} busy={inviting} onPress={() => invite()}>
      {t('call.inviteAgain', { name: call.customerName })}
    </Button>
  );
}
