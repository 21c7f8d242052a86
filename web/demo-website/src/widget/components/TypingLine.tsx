import type { JSX } from 'preact';
import { useT } from '../i18n';

export function TypingLine({ name }: { name: string | null }): JSX.Element {
  const t = useT();
  return (
    <p class="typing" role="status">
      {name !== null && (
        <>
          <span class="typing__dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {t('chat.typing', { name })}
        </>
      )}
    </p>
  );
}
