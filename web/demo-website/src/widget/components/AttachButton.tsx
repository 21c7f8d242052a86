import type { FileLimits } from '@upcall/shared/participant/files';
import { Paperclip } from 'lucide';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useT } from '../i18n';
import { Icon } from './Icon';

interface Props {
  limits: FileLimits;
  /** What is taken, in words. */
  hint: string;
  onFiles(files: File[]): void;
}

export function AttachButton({ limits, hint, onFiles }: Props): JSX.Element {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="icon-button" aria-label={t('file.attach')} aria-description={hint} title={hint} onClick={() => input.current?.click()}>
        <Icon node={Paperclip} />
      </button>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        accept={limits.types.join(',')}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}
