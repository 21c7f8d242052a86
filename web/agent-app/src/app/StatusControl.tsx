import { Check, ChevronDown } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Header } from 'react-aria-components/Header';
import { Menu, MenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
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

/** Before the id of a status that is chosen for later. */
const LATER = 'later:';

export function StatusControl() {
  const { t } = useTexts();
  const status = useCentre((centre) => centre.agent?.status ?? 'offline');
  const wrapUp = useCentre((centre) => centre.contacts.filter((contact) => contact.state === 'ended').length);
  const hasWork = useCentre((centre) => centre.contacts.some(({ state }) => state === 'connected' || state === 'ended'));
  const setStatus = useCentre((centre) => centre.setStatus);
  const connected = useCentre((centre) => centre.socket === 'open');
  const agent = useCentre((centre) => centre.agent);
  const [change, busy] = useAction(
    useCallback((key: string) => (key.startsWith(LATER) ? setStatus(key.slice(LATER.length), true) : setStatus(key)), [setStatus]),
  );
  const [custom, setCustom] = useState<StatusChoice[]>([]);
  const chosen = agent?.statusId ?? status;
  const next = agent?.nextStatus;
  const builtIn: StatusChoice[] = BUILT_IN.map((id) => ({ statusId: id, name: t(`status.${id}`), status: id }));
  const choices = [...builtIn, ...custom];
  // Asked when the menu opens: an administrator may have added one. Without an answer the two are there.
  const load = (open: boolean) => {
    if (!open) return;
    agentApi.statuses().then(
      ({ statuses }) => setCustom(statuses.filter(({ statusId }) => !isBuiltIn(statusId))),
      () => undefined,
    );
  };
  const item = (key: string, { name, status: meaning }: StatusChoice, text: string, isChosen: boolean) => (
    <MenuItem key={key} id={key} className="menu__item" textValue={name}>
      <span className={`status__dot status__dot--${meaning}`} aria-hidden />
      <span>
        <span dir="auto">{name}</span>
        <small>{text}</small>
      </span>
      {isChosen && <Check size={16} aria-hidden />}
    </MenuItem>
  );
  const meaningOf = ({ status: meaning }: StatusChoice) => t(meaning === 'available' ? 'status.availableText' : 'status.offlineText');
  return (
    <MenuTrigger onOpenChange={load}>
      <AriaButton className={`status status--${status}`} isDisabled={!connected} data-busy={busy || undefined}>
        <span className="status__dot" aria-hidden />
        <span>
          <span className="visually-hidden">{t('status.label')}</span>
          {isBuiltIn(chosen) ? t(`status.${chosen}`) : agent?.statusName}
          {next && <span className="status__more">{t('status.next', { name: isBuiltIn(next.statusId) ? t(`status.${next.statusId}`) : next.statusName })}</span>}
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
          <MenuSection aria-label={t('status.now')}>
            {choices.map((choice) => item(choice.statusId, choice, meaningOf(choice), choice.statusId === chosen))}
          </MenuSection>
          {hasWork && (
            <MenuSection>
              <Header className="menu__head">{t('status.afterContacts')}</Header>
              {choices
                .filter((choice) => choice.status !== 'available')
                .map((choice) => item(LATER + choice.statusId, choice, t('status.afterContactsText'), choice.statusId === next?.statusId))}
            </MenuSection>
          )}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
