import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components/Button';
import { Tooltip, TooltipTrigger } from 'react-aria-components/Tooltip';

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger';

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  kind?: ButtonKind | undefined;
  icon?: LucideIcon | undefined;
  /** Something is under way: the button turns and takes no second press. */
  busy?: boolean | undefined;
  wide?: boolean | undefined;
  children: ReactNode;
}

export function Button({ kind = 'secondary', icon: Icon, busy = false, wide = false, children, onPress, type, ...rest }: ButtonProps) {
  // Not disabled while busy: that would take the focus away from whoever works by keyboard.
  const acting = busy ? {} : { ...(onPress ? { onPress } : {}), ...(type ? { type } : {}) };
  return (
    <AriaButton {...rest} {...acting} data-busy={busy || undefined} className={`button button--${kind}${wide ? ' button--wide' : ''}`}>
      {busy ? <span className="spinner" aria-hidden /> : Icon && <Icon size={18} aria-hidden />}
      <span>{children}</span>
    </AriaButton>
  );
}

export interface IconButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  label: string;
  icon: LucideIcon;
  small?: boolean | undefined;
  /** More than the label, for the tooltip alone. */
  tip?: string | undefined;
  /** Said in the tooltip after the label, like "M". */
  shortcut?: string | undefined;
  className?: string | undefined;
}

export function IconButton({ label, icon: Icon, small = false, tip, shortcut, className = '', ...rest }: IconButtonProps) {
  return (
    <TooltipTrigger delay={500}>
      <AriaButton {...rest} aria-label={label} className={`icon-button${small ? ' icon-button--small' : ''} ${className}`}>
        <Icon size={small ? 16 : 20} aria-hidden />
      </AriaButton>
      <Tooltip className="tooltip" offset={6}>
        {label}
        {tip && <small className="tooltip__more">{tip}</small>}
        {shortcut && <kbd>{shortcut}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  );
}
