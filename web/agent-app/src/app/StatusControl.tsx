import { Check, ChevronDown } from 'lucide-react';
import { useCallback } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { useCentre } from '../centre/store';
import type { AgentStatus } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { useAction } from '../ui/use-action';

const STATUSES: AgentStatus[] = ['available', 'offline'];

export function StatusControl() {
  const { t } = useTexts();
  const status = useCentre((centre) => centre.agent?.status ?? 'offline');
  const wrapUp = useCentre((centre) => centre.contacts.filter((contact) => contact.state === 'ended').length);
  const setStatus = useCentre((centre) => centre.setStatus);
  const connected = useCentre((centre) => centre.socket === 'open');
  const [change, busy] = useAction(useCallback((next: AgentStatus) => setStatus(next), [setStatus]));
  return (
    <MenuTrigger>
      <AriaButton className={`status status--${status}`} isDisabled={!connected} data-busy={busy || undefined}>
        <span className="status__dot" aria-hidden />
        <span>
          <span className="visually-hidden">{t('status.label')}</span>
          {t(`status.${status}`)}
          {wrapUp > 0 && <span className="status__more">{t('status.wrapUp', { count: wrapUp })}</span>}
        </span>
        <ChevronDown size={16} aria-hidden />
      </AriaButton>
      <Popover className="popover">
        <Menu
          className="menu"
          aria-label={t('status.label')}
          selectionMode="single"
          selectedKeys={[status]}
          onAction={(key) => change(key as AgentStatus)}
        >
          {STATUSES.map((id) => (
            <MenuItem key={id} id={id} className="menu__item" textValue={t(`status.${id}`)}>
              <span className={`status__dot status__dot--${id}`} aria-hidden />
              <span>
                {t(`status.${id}`)}
                <small>{t(`status.${id}Text`)}</small>
              </span>
              {id === status && <Check size={16} aria-hidden />}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
