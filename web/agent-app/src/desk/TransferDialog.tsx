import { useCallback, useEffect, useState } from 'react';
import { agentApi } from '../api/agent';
import type { QuickConnects } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Notice } from '../ui/Notice';
import { useAction } from '../ui/use-action';

/** Whom a contact can be handed on to. An agent must accept and the chat stays here until then; a queue takes it at once. */
export function TransferDialog({ contactId, isOpen, onClose }: { contactId: string; isOpen: boolean; onClose: () => void }) {
  const { t } = useTexts();
  const [found, setFound] = useState<QuickConnects>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!isOpen) return;
    setFailed(false);
    setFound(undefined);
    let stale = false;
    agentApi.quickConnects('').then(
      (answer) => !stale && setFound(answer),
      () => !stale && setFailed(true),
    );
    return () => {
      stale = true;
    };
  }, [isOpen]);
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
