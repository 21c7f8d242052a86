import { ArrowLeft, ArrowRightLeft, CheckCheck, Info, PhoneOff } from 'lucide-react';
import { useCallback, useState } from 'react';
import { agentApi } from '../api/agent';
import { runningCall } from '../calls/other-call';
import { useCalls } from '../calls/store';
import { useCentre } from '../centre/store';
import { type Contact, customerName } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { Button, IconButton } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { useAction } from '../ui/use-action';
import { Avatar } from './Avatar';
import { ChatWindowProvider } from './chat-window';
import { Composer } from './Composer';
import { DropArea } from './DropArea';
import { Transcript } from './Transcript';
import { TransferDialog } from './TransferDialog';
import { useDeskChat } from './use-desk-chat';
import './chat.css';
import './files.css';

interface ChatPaneProps {
  contact: Contact;
  onBack?: (() => void) | undefined;
  /** Where there is no room for the details beside the chat. */
  onDetails?: (() => void) | undefined;
}

export function ChatPane({ contact, onBack, onDetails }: ChatPaneProps) {
  const { t } = useTexts();
  const act = useCentre((centre) => centre.act);
  const send = useCentre((centre) => centre.send);
  const typing = useCentre((centre) => centre.typing);
  const window = useDeskChat(contact);
  const [asking, setAsking] = useState(false);
  const [transferring, setTransferring] = useState(false);
  const { contactId } = contact;
  const inCall = useCalls(({ calls }) => runningCall(calls)?.contactId === contactId);
  const name = customerName(contact) || t('contact.unnamed');
  const [end, ending] = useAction(
    useCallback(async () => {
      await act(contactId, 'end');
      setAsking(false);
    }, [act, contactId]),
  );
  const [takeBack, takingBack] = useAction(useCallback(() => agentApi.cancelTransfer(contactId), [contactId]));
  const closeTransfer = useCallback(() => setTransferring(false), []);
  const [clear, clearing] = useAction(useCallback(() => act(contactId, 'clear'), [act, contactId]));
  return (
    <ChatWindowProvider value={window}>
      <DropArea className="chat" label={t('chat.with', { name })}>
        <header className="chat__head">
          {onBack && <IconButton label={t('desk.back')} icon={ArrowLeft} onPress={onBack} className="only-narrow" />}
          <Avatar name={name} />
          <div className="chat__who">
            <h2 dir="auto">{name}</h2>
            <p className="soft">
              {contact.transfer?.to ? t('transfer.running', { name: contact.transfer.to }) : t(`contact.state.${contact.state}`)}
            </p>
          </div>
          {contact.state === 'connected' &&
            (contact.transfer ? (
              <Button key="take-back" kind="quiet" busy={takingBack} onPress={() => takeBack()}>
                {t('transfer.takeBack')}
              </Button>
            ) : (
              <IconButton key="transfer" label={t('transfer.title')} icon={ArrowRightLeft} onPress={() => setTransferring(true)} />
            ))}
          {contact.state === 'connected' ? (
            <Button key="end" kind="quiet" icon={PhoneOff} onPress={() => setAsking(true)}>
              {t('chat.end')}
            </Button>
          ) : (
            <Button key="clear" kind="primary" icon={CheckCheck} busy={clearing} onPress={() => clear()}>
              {t('chat.clear')}
            </Button>
          )}
          {onDetails && <IconButton label={t('desk.details')} icon={Info} onPress={onDetails} className="only-medium" />}
        </header>
        <Transcript contactId={contactId} />
        <TransferDialog contactId={contactId} isOpen={transferring} inCall={inCall} onClose={closeTransfer} />
        {contact.state === 'connected' ? (
          <Composer
            contactId={contactId}
            onSend={(content) => send(contactId, content).catch(() => undefined)}
            onTyping={() => typing(contactId)}
          />
        ) : (
          <p className="chat__over">
            {t(contact.handedOn ? 'chat.handedOn' : contact.endReason === 'customer_disconnect' ? 'chat.customerLeft' : 'chat.over')}
          </p>
        )}
        <Dialog
          title={t('chat.endTitle')}
          isOpen={asking}
          onClose={() => setAsking(false)}
          isQuestion
          actions={
            <>
              <Button onPress={() => setAsking(false)}>{t('common.cancel')}</Button>
              <Button kind="danger" busy={ending} onPress={() => end()}>
                {t('chat.end')}
              </Button>
            </>
          }
        >
          <p>{t(inCall ? 'chat.endTextInCall' : 'chat.endText', { name })}</p>
        </Dialog>
      </DropArea>
    </ChatWindowProvider>
  );
}
