import { ChevronDown, Search, SlidersHorizontal } from 'lucide-react';
import { type FormEvent, type HTMLInputTypeAttribute, useEffect, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Checkbox } from 'react-aria-components/Checkbox';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox';
import { Popover } from 'react-aria-components/Popover';
import { Select, SelectValue } from 'react-aria-components/Select';
import { Text } from 'react-aria-components/Text';
import { TextField } from 'react-aria-components/TextField';
import { contactsApi, type SearchChoices } from '../api/contacts';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { AgentPicker } from './AgentPicker';
import { type Filters, hiddenCount, NO_FILTERS } from './filters';

interface TextInputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: HTMLInputTypeAttribute;
  hint?: string;
  placeholder?: string;
}

function TextInput({ label, value, onChange, type = 'text', hint, placeholder }: TextInputProps) {
  return (
    <TextField className="field" value={value} onChange={onChange}>
      <Label>{label}</Label>
      <Input type={type} {...(placeholder ? { placeholder } : {})} />
      {hint && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
    </TextField>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: { id: string; label: string }[];
  onChange: (id: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <Select className="field" value={value} onChange={(key) => onChange(String(key))}>
      <Label>{label}</Label>
      <AriaButton className="select">
        <SelectValue className="select__value" />
        <ChevronDown size={16} aria-hidden />
      </AriaButton>
      <Popover className="popover popover--wide">
        <ListBox className="menu">
          {options.map((option) => (
            <ListBoxItem key={option.id} id={option.id} textValue={option.label} className="menu__item">
              <span dir="auto">{option.label}</span>
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}

const ANY = 'any';

/** `filters` are those of the address: whoever goes back finds the form as it was. */
export function SearchForm({ filters, onSearch }: { filters: Filters; onSearch: (filters: Filters) => void }) {
  const { t } = useTexts();
  const [draft, setDraft] = useState(filters);
  const [open, setOpen] = useState(hiddenCount(filters) > 0);
  const [queues, setQueues] = useState<SearchChoices['queues']>([]);
  useEffect(() => {
    const stop = new AbortController();
    contactsApi.choices('', stop.signal).then(
      (found) => setQueues(found.queues),
      () => undefined, // the search itself tells of a failure
    );
    return () => stop.abort();
  }, []);

  const set = <K extends keyof Filters>(name: K, value: Filters[K]) => setDraft((before) => ({ ...before, [name]: value }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(draft);
  };
  const count = hiddenCount(draft);
  return (
    <form className="search-form" role="search" aria-label={t('search.form')} onSubmit={submit}>
      <div className="search-form__first">
        <TextInput label={t('search.text')} value={draft.text} onChange={(value) => set('text', value)} placeholder={t('search.textExample')} />
        <TextInput label={t('search.customer')} value={draft.customer} onChange={(value) => set('customer', value)} />
        <div className="search-form__buttons">
          <Button icon={SlidersHorizontal} aria-expanded={open} aria-controls="search-more" onPress={() => setOpen(!open)}>
            {t('search.more')}
            {count > 0 && <span className="badge search-form__count">{count}</span>}
          </Button>
          <Button kind="primary" icon={Search} type="submit">
            {t('search.submit')}
          </Button>
        </div>
      </div>
      <div id="search-more" className="search-form__more" hidden={!open}>
        <TextInput label={t('search.from')} type="date" value={draft.from} onChange={(value) => set('from', value)} />
        <TextInput label={t('search.until')} type="date" value={draft.until} onChange={(value) => set('until', value)} />
        <Choice
          label={t('search.time')}
          value={draft.time}
          options={[
            { id: 'initiated', label: t('search.initiated') },
            { id: 'ended', label: t('search.ended') },
          ]}
          onChange={(id) => set('time', id === 'ended' ? 'ended' : 'initiated')}
        />
        <AgentPicker id={draft.agent} name={draft.agentName} onChange={(agent, agentName) => setDraft((before) => ({ ...before, agent, agentName }))} />
        <Choice
          label={t('search.queue')}
          value={draft.queue || ANY}
          options={[{ id: ANY, label: t('search.any') }, ...queues.map(({ queueId, name }) => ({ id: queueId, label: name }))]}
          onChange={(id) => set('queue', id === ANY ? '' : id)}
        />
        <Choice
          label={t('search.channel')}
          value={draft.channel || ANY}
          options={[
            { id: ANY, label: t('search.anyChannel') },
            { id: 'video', label: t('search.video') },
          ]}
          onChange={(id) => set('channel', id === 'video' ? 'video' : '')}
        />
        <TextInput label={t('search.outcome')} value={draft.outcome} onChange={(value) => set('outcome', value)} />
        <TextInput label={t('search.attribute')} value={draft.attribute} onChange={(value) => set('attribute', value)} />
        <TextInput label={t('search.value')} value={draft.value} onChange={(value) => set('value', value)} />
        <TextInput label={t('search.contactId')} value={draft.contact} onChange={(value) => set('contact', value)} />
        <Checkbox className="check" isSelected={draft.recorded} onChange={(value) => set('recorded', value)}>
          <span className="check__box" aria-hidden />
          {t('search.recorded')}
        </Checkbox>
        <div className="search-form__clear">
          <Button kind="quiet" onPress={() => onSearch(NO_FILTERS)}>
            {t('search.clear')}
          </Button>
        </div>
      </div>
    </form>
  );
}
