// A fault of the widget itself: said with the way on, while what stands beside it goes on.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { type TextKey, useT } from '../i18n';
import { Notice } from './Notice';

interface Props {
  /** The class that puts it where its children were. */
  place: string;
  text: TextKey;
  children: ComponentChildren;
}

export function Guarded({ place, text, children }: Props): JSX.Element {
  const [fault] = useErrorBoundary((error) => console.error(error));
  return fault ? <Stumbled place={place} text={text} /> : <>{children}</>;
}

function Stumbled({ place, text }: Omit<Props, 'children'>): JSX.Element {
  const t = useT();
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <section ref={box} class={place} role="dialog" aria-label={t('broken.title')} tabIndex={-1}>
      <Notice title={t('broken.title')} text={t(text)} action={t('broken.reload')} onAction={() => location.reload()} />
    </section>
  );
}
