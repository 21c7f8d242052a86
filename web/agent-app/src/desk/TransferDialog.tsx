import { Search } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { Input } from 'react-aria-components/Input';
import { SearchField } from 'react-aria-components/SearchField';
import { agentApi } from '../api/agent';
import type { QuickConnects } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Notice } from '../ui/Notice';
import { useAction } from '../ui/use-action';

interface TransferDialogProps {
  contactId: string;
  isOpen: boolean;
  /** Its video call is running. */
  inCall?: boolean | undefined;
  onClose: () => void;
}

/** So long after the last letter the list is asked for. */
const SEARCH_AFTER_MS = 250;

/** Whom a contact can be handed on to. An agent must accept and the chat stays here until then; a queue takes it at once. */
export function TransferDialog({ contactId, isOpen, inCall = false, onClose }: TransferDialogProps) {
  const { t } = useTexts();
  const [search, setSearch] = useState('');
  const [found, setFound] = useState<QuickConnects>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!isOpen) return;
    let stale = false;
    const ask = () => {
      agentApi.quickConnects(search.trim()).then(
        (answer) => {
          if (stale) return;
          setFailed(false);
          setFound(answer);
        },
        () => !stale && setFailed(true),
      );
    };
    const timer = setTimeout(ask, search ? SEARCH_AFTER_MS : 0);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [isOpen, search]);
  const [transfer, busy] = useAction(
    useCallback(
      async (to: { agentId: string } | { queueId: string }) => {
        await agentApi.transfer(contactId, to);
        onClose();
      },
      [contactId, onClose],
    ),
  );
  return (
    <Dialog title={t('transfer.title')} isOpen={isOpen} onClose={onClose}>
      <p className="soft">{t('transfer.text')}</p>
      {inCall && <Notice kind="warning">{t('transfer.inCall')}</Notice>}
      <SearchField className="search" aria-label={t('transfer.search')} value={search} onChange={setSearch}>
        <Search size={16} aria-hidden />
        <Input placeholder={t('transfer.search')} />
      </SearchField>
      {failed && <Notice kind="error">{t('transfer.notLoaded')}</Notice>}
      {found && (
        <div className="transfer">
          <h3>{t('transfer.agents')}</h3>
          {found.agents.length === 0 && <p className="soft">{t('transfer.nobody')}</p>}
          <ul className="transfer__list">
            {found.agents.map((agent) => (
              <li key={agent.agentId}>
                <span>
                  <span dir="auto">{agent.name}</span> <small className="soft">{agent.statusName}</small>
                </span>
                <Button isDisabled={!agent.available} busy={busy} onPress={() => transfer({ agentId: agent.agentId })}>
                  {t('transfer.to')}
                  <span className="visually-hidden">{agent.name}</span>
                </Button>
              </li>
            ))}
          </ul>
          <h3>{t('transfer.queues')}</h3>
          {found.queues.length === 0 && <p className="soft">{t('transfer.noQueue')}</p>}
          <ul className="transfer__list">
            {found.queues.map((queue) => (
              <li key={queue.queueId}>
                <span>
                  <span dir="auto">{queue.name}</span> <small className="soft">{t('transfer.waiting', { count: queue.waiting })}</small>
                </span>
                <Button busy={busy} onPress={() => transfer({ queueId: queue.queueId })}>
                  {t('transfer.to')}
                  <span className="visually-hidden">{queue.name}</span>
                </Button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Dialog>
  );
}
