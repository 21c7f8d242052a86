import { Check, ChevronDown } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { agentApi } from '../api/agent';
import { useCentre } from '../centre/store';
import type { StatusChoice } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { useAction } from '../ui/use-action';

/** Always there; others are an administrator's and have their own names. */
const BUILT_IN = ['available', 'offline'] as const;
type BuiltIn = (typeof BUILT_IN)[number];
const isBuiltIn = (id: string): id is BuiltIn => BUILT_IN.includes(id as BuiltIn);

export function StatusControl() {
  const { t } = useTexts();
  const status = useCentre((centre) => centre.agent?.status ?? 'offline');
  const wrapUp = useCentre((centre) => centre.contacts.filter((contact) => contact.state === 'ended').length);
  const setStatus = useCentre((centre) => centre.setStatus);
  const connected = useCentre((centre) => centre.socket === 'open');
  const agent = useCentre((centre) => centre.agent);
  const [change, busy] = useAction(useCallback((next: string) => setStatus(next), [setStatus]));
  const [custom, setCustom] = useState<StatusChoice[]>([]);
  const chosen = agent?.statusId ?? status;
  // Asked when the menu opens: an administrator may have added one. Without an answer the two are there.
  const load = (open: boolean) => {
    if (!open) return;
    agentApi.statuses().then(
      ({ statuses }) => setCustom(statuses.filter(({ statusId }) => !isBuiltIn(statusId))),
      () => undefined,
    );
  };
  return (
    <MenuTrigger onOpenChange={load}>
      <AriaButton className={`status status--${status}`} isDisabled={!connected} data-busy={busy || undefined}>
        <span className="status__dot" aria-hidden />
        <span>
          <span className="visually-hidden">{t('status.label')}</span>
          {isBuiltIn(chosen) ? t(`status.${chosen}`) : agent?.statusName}
          {agent?.nextStatus && <span className="status__more">{t('status.next', { name: agent.nextStatus.statusName })}</span>}
          {wrapUp > 0 && <span className="status__more">{t('status.wrapUp', { count: wrapUp })}</span>}
        </span>
        <ChevronDown size={16} aria-hidden />
      </AriaButton>
      <Popover className="popover">
        <Menu
          className="menu"
          aria-label={t('status.label')}
          selectionMode="single"
          selectedKeys={[chosen]}
          onAction={(key) => change(String(key))}
        >
          {BUILT_IN.map((id) => (
            <MenuItem key={id} id={id} className="menu__item" textValue={t(`status.${id}`)}>
              <span className={`status__dot status__dot--${id}`} aria-hidden />
              <span>
                {t(`status.${id}`)}
                <small>{t(`status.${id}Text`)}</small>
              </span>
              {id === chosen && <Check size={16} aria-hidden />}
            </MenuItem>
          ))}
          {custom.map(({ statusId, name, status: meaning }) => (
            <MenuItem key={statusId} id={statusId} className="menu__item" textValue={name}>
              <span className={`status__dot status__dot--${meaning}`} aria-hidden />
              <span>
                {name}
                <small>{t(meaning === 'available' ? 'status.availableText' : 'status.offlineText')}</small>
              </span>
              {statusId === chosen && <Check size={16} aria-hidden />}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
