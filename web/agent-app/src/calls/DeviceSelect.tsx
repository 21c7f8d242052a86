import { ChevronDown, type LucideIcon } from 'lucide-react';
import { Button } from 'react-aria-components/Button';
import { Label } from 'react-aria-components/Label';
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox';
import { Popover } from 'react-aria-components/Popover';
import { Select, SelectValue } from 'react-aria-components/Select';

export interface DeviceSelectProps {
  label: string;
  icon: LucideIcon;
  options: { id: string; label: string }[];
  value: string;
  onChange: (id: string) => void;
}

export function DeviceSelect({ label, icon: Icon, options, value, onChange }: DeviceSelectProps) {
  return (
    <Select className="field" value={value} onChange={(key) => onChange(String(key))}>
      <Label>{label}</Label>
      <Button className="select">
        <Icon size={18} aria-hidden />
        <SelectValue className="select__value" />
        <ChevronDown size={16} aria-hidden />
      </Button>
      <Popover className="popover popover--wide">
        <ListBox className="menu">
          {options.map((option) => (
            <ListBoxItem key={option.id} id={option.id} textValue={option.label} className="menu__item">
              {option.label}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}
