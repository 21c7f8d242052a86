// Where the call appears. Its code comes over the network now, so this is also the place of that wait and its failure.
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CallProps } from '../../call/Call';
import type { WidgetController } from '../controller';
import { useT } from '../i18n';
import { addStyles } from '../styles';
import { Notice } from './Notice';

interface Props {
  controller: WidgetController;
  root: ShadowRoot;
}

let loaded: ComponentType<CallProps> | null = null;

async function loadCall(root: ShadowRoot): Promise<ComponentType<CallProps>> {
  if (!loaded) {
    const [{ Call }, { default: styles }] = await Promise.all([import('../../call/Call'), import('../../styles/call.css?inline')]);
    addStyles(root, styles);
    loaded = Call;
  }
  return loaded;
}

export function CallHost({ controller, root }: Props): JSX.Element {
  const t = useT();
  const [Call, setCall] = useState<ComponentType<CallProps> | null>(() => loaded);
  const [failed, setFailed] = useState(false);

  const load = () => {
    setFailed(false);
    loadCall(root).then((component) => setCall(() => component), () => setFailed(true));
  };
  useEffect(load, []);

  if (Call) return <Call controller={controller} />;
  return (
    <section class="call-wait" role="dialog" aria-label={t('call.label')}>
      {failed ? <Notice title={t('call.label')} text={t('devices.openFailed')} action={t('devices.retry')} onAction={load} /> : <p role="status">{t('devices.opening')}</p>}
    </section>
  );
}
