import type { IconNode } from 'lucide';
import type { JSX } from 'preact';
import { Icon } from '../../widget/components/Icon';

interface Props {
  node: IconNode;
  /** What a press does now; it changes with the state, so there is no pressed state beside it. */
  label: string;
  off?: boolean;
  active?: boolean;
  badge?: number;
  onClick(): void;
}

export function ControlButton({ node, label, off = false, active = false, badge = 0, onClick }: Props): JSX.Element {
  return (
    <button type="button" class={`control${off ? ' control--off' : ''}${active ? ' control--active' : ''}`} aria-label={label} title={label} onClick={onClick}>
      <Icon node={node} size={22} />
      {badge > 0 && (
        <span class="badge" aria-hidden="true">
          {badge}
        </span>
      )}
    </button>
  );
}
