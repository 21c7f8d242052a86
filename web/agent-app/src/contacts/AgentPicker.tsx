import { ChevronDown } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { ComboBox } from 'react-aria-components/ComboBox';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox';
import { Popover } from 'react-aria-components/Popover';
import { contactsApi, type SearchChoices } from '../api/contacts';
import { useTexts } from '../i18n/texts';

interface AgentPickerProps {
  id: string;
  name: string;
  onChange: (id: string, name: string) => void;
}

const WAIT_MS = 200;

/** One of the agents whose contacts may be found. They are looked for as one types: nobody's list of all. */
export function AgentPicker({ id, name, onChange }: AgentPickerProps) {
  const { t } = useTexts();
  const [typed, setTyped] = useState(name);
  const [agents, setAgents] = useState<SearchChoices['agents']>([]);

  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      contactsApi.choices(typed === name ? '' : typed, stop.signal).then(
        (found) => setAgents(found.agents),
        () => undefined, // the list stays as it was; the search itself tells of a failure
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [typed, name]);

  const chosen = agents.some((agent) => agent.agentId === id) || !id ? agents : [{ agentId: id, name, username: '' }, ...agents];
  return (
    <ComboBox
      className="field"
      items={chosen}
      inputValue={typed}
      onInputChange={(value) => {
        setTyped(value);
        if (!value) onChange('', '');
      }}
      value={id || null}
      onChange={(key) => {
        const agent = chosen.find(({ agentId }) => agentId === key);
        if (agent) setTyped(agent.name);
        onChange(agent?.agentId ?? '', agent?.name ?? '');
      }}
      defaultFilter={() => true}
      menuTrigger="focus"
      allowsEmptyCollection
    >
      <Label>{t('search.agent')}</Label>
      <div className="combo">
        <Input placeholder={t('search.anyone')} />
        <Button className="combo__button" aria-label={t('search.agents')}>
          <ChevronDown size={16} aria-hidden />
        </Button>
      </div>
      <Popover className="popover popover--wide">
        <ListBox className="menu" renderEmptyState={() => <p className="menu__empty">{t('search.noAgent')}</p>}>
          {(agent: SearchChoices['agents'][number]) => (
            <ListBoxItem id={agent.agentId} textValue={agent.name} className="menu__item">
              <span dir="auto">{agent.name}</span>
              <small className="soft" dir="auto">
                {agent.username}
              </small>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
