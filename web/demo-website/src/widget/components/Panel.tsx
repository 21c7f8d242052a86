// The window of form and chat: bottom right on a desk, the whole screen of a phone.
import { ChevronDown } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { WidgetController } from '../controller';
import { useT } from '../i18n';
import { useStore } from '../store';
import { useDrag } from '../use-drag';
import { Chat } from './Chat';
import { ChatStatus } from './ChatStatus';
import { Icon } from './Icon';
import { Notice } from './Notice';
import { StartForm } from './StartForm';

interface Props {
  controller: WidgetController;
  /** A call is on: the panel stands beside it. */
  beside: boolean;
}

export function Panel({ controller, beside }: Props): JSX.Element {
  const t = useT();
  const state = useStore(controller.store);
  const panel = useRef<HTMLElement>(null);
  const drag = useDrag(panel);

  const ended = state.chat?.connection === 'ended';

  // On opening, on another screen, and when a call has gone that had the focus.
  useEffect(() => {
    if (beside) return;
    const first = panel.current?.querySelector<HTMLElement>('[data-autofocus]');
    (first ?? panel.current)?.focus();
  }, [state.screen, beside, ended]);

  return (
    <section
      ref={panel}
      class={`panel${beside ? ' panel--beside' : ''}`}
      role="dialog"
      aria-label={t('panel.label')}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) controller.setOpen(false);
      }}
    >
      <div class="panel__head" onPointerDown={drag.onPointerDown}>
        <div class="panel__titles">
          <h2 class="panel__title">{t('panel.title')}</h2>
          {state.screen === 'chat' && state.chat && <ChatStatus chat={state.chat} />}
        </div>
        <button type="button" class="icon-button" aria-label={t('panel.minimise')} onClick={() => controller.setOpen(false)}>
          <Icon node={ChevronDown} />
        </button>
      </div>
      {state.screen === 'form' && <StartForm controller={controller} />}
      {state.screen === 'chat' && state.chat && <Chat controller={controller} chat={state.chat} ownId={state.ownId} />}
      {state.screen === 'expired' && (
        <Notice title={t('expired.title')} text={t('expired.text')} action={t('chat.startAgain')} onAction={() => controller.startAgain()} />
      )}
      {state.screen === 'otherTab' && (
        <Notice title={t('otherTab.title')} text={t('otherTab.text')} action={t('otherTab.use')} onAction={() => void controller.useHere()} />
      )}
    </section>
  );
}
