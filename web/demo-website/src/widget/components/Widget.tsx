// What stands on the page: the button, the panel with form or chat, and the call's window when there is one.
import { MessageCircle, Video } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { WidgetController } from '../controller';
import { useT } from '../i18n';
import { useStore } from '../store';
import { useDocumentTitle } from '../use-document-title';
import { CallHost } from './CallHost';
import { Guarded } from './Guarded';
import { Icon } from './Icon';
import { Panel } from './Panel';

interface Props {
  controller: WidgetController;
  root: ShadowRoot;
}

export function Widget({ controller, root }: Props): JSX.Element {
  const t = useT();
  const state = useStore(controller.store);
  const call = useStore(controller.call.store);
  const launcher = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(state.open);
  const invited = call.stage === 'invited';
  const inCall = call.stage === 'devices' || call.stage === 'joining' || call.stage === 'live' || call.stage === 'over';
  useDocumentTitle(invited ? t('invitation.documentTitle') : null);

  useEffect(() => {
    if (wasOpen.current && !state.open) launcher.current?.focus();
    wasOpen.current = state.open;
  }, [state.open]);

  return (
    <>
      {inCall && (
        <Guarded place="call-wait" text={call.stage === 'live' ? 'broken.inCall' : 'broken.text'}>
          <CallHost controller={controller} root={root} />
        </Guarded>
      )}
      {state.open && (
        <Guarded place={`panel${inCall ? ' panel--beside' : ''}`} text="broken.text">
          <Panel controller={controller} beside={inCall} />
        </Guarded>
      )}
      {!state.open && !inCall && (
        <button ref={launcher} type="button" class={`launcher${invited ? ' launcher--calling' : ''}`} onClick={() => controller.setOpen(true)}>
          <Icon node={invited ? Video : MessageCircle} size={22} />
          <span>{invited ? t('panel.titleInvited') : t('launcher.open')}</span>
          {state.unread > 0 && (
            <span class="badge">
              <span aria-hidden="true">{state.unread}</span>
              <span class="visually-hidden">{t('launcher.unread', { count: state.unread })}</span>
            </span>
          )}
        </button>
      )}
    </>
  );
}
