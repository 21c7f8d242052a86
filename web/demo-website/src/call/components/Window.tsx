// A window on the page: dragged by its bar, resized at its corner, and both by buttons for those who cannot drag.
// On a phone it fills the screen.
import { ArrowLeftToLine, ArrowRightToLine, Maximize2, Minimize2 } from 'lucide';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../../widget/components/Icon';
import { useT } from '../../widget/i18n';
import { useDrag } from '../../widget/use-drag';

interface Props {
  title: string;
  dark: boolean;
  size: 'small' | 'large';
  children: ComponentChildren;
}

export function Window({ title, dark, size, children }: Props): JSX.Element {
  const t = useT();
  const box = useRef<HTMLElement>(null);
  const [big, setBig] = useState(false);
  const [side, setSide] = useState<'left' | 'right'>('left');
  const drag = useDrag(box);

  useEffect(() => box.current?.focus(), [size]);

  const arrange = (change: () => void) => {
    drag.reset();
    change();
  };

  return (
    <section ref={box} class={`window window--${size} window--${side}${dark ? ' window--dark' : ''}${big ? ' window--big' : ''}`} role="dialog" aria-label={title} tabIndex={-1}>
      <div class="window__bar" onPointerDown={drag.onPointerDown}>
        <h2 class="window__title">{title}</h2>
        <div class="window__tools">
          <button type="button" class="icon-button" aria-label={t(side === 'left' ? 'call.moveRight' : 'call.moveLeft')} onClick={() => arrange(() => setSide(side === 'left' ? 'right' : 'left'))}>
            <Icon node={side === 'left' ? ArrowRightToLine : ArrowLeftToLine} size={18} />
          </button>
          <button type="button" class="icon-button" aria-label={t(big ? 'call.shrink' : 'call.enlarge')} onClick={() => arrange(() => setBig(!big))}>
            <Icon node={big ? Minimize2 : Maximize2} size={18} />
          </button>
        </div>
      </div>
      <div class="window__body">{children}</div>
    </section>
  );
}
