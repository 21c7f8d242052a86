import { Check, type LucideIcon } from 'lucide-react';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { IconButton } from './Button';

export interface Choice<T extends string> {
  id: T;
  label: string;
}

interface ChoiceMenuProps<T extends string> {
  label: string;
  icon: LucideIcon;
  choices: readonly Choice<T>[];
  value: T;
  onChoose: (value: T) => void;
  className?: string | undefined;
}

/** One of several, behind an icon. */
export function ChoiceMenu<T extends string>({ label, icon, choices, value, onChoose, className }: ChoiceMenuProps<T>) {
  return (
    <MenuTrigger>
      <IconButton label={label} icon={icon} className={className} />
      <Popover className="popover">
        <Menu
          className="menu"
          aria-label={label}
          selectionMode="single"
          selectedKeys={[value]}
          onAction={(key) => onChoose(key as T)}
        >
          {choices.map((choice) => (
            <MenuItem key={choice.id} id={choice.id} textValue={choice.label} className="menu__item">
              <span>{choice.label}</span>
              {choice.id === value && <Check size={16} aria-hidden />}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
