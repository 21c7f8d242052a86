// Enter sends, Shift and Enter begin a new line.
import { SendHorizontal } from 'lucide';
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { useT } from '../i18n';
import type { Files } from '../use-files';
import { AttachButton } from './AttachButton';
import { Icon } from './Icon';

interface Props {
  onSend(text: string): void;
  onTyping(): void;
  /** Null: no files are taken. */
  files: Files | null;
  onFiles(files: File[]): void;
}

/** What the server takes, in bytes; characters are what people count, so most texts are far from it. */
const BYTES_MAX = 16_384;

export function Composer({ onSend, onTyping, files, onFiles }: Props): JSX.Element {
  const t = useT();
  const [text, setText] = useState('');
  const input = useRef<HTMLTextAreaElement>(null);
  const over = new TextEncoder().encode(text).length - BYTES_MAX;

  const send = () => {
    if (text.trim() === '' || over > 0) return;
    onSend(text.trim());
    setText('');
    input.current?.focus();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {files && <AttachButton limits={files.limits} hint={files.hint} onFiles={onFiles} />}
      <textarea
        ref={input}
        class="composer__input"
        rows={1}
        value={text}
        dir="auto"
        data-autofocus
        aria-label={t('chat.message')}
        placeholder={t('chat.placeholder')}
        onInput={(event) => {
          setText(event.currentTarget.value);
          onTyping();
        }}
        onPaste={(event) => {
          const pasted = [...(event.clipboardData?.files ?? [])];
          if (!files || pasted.length === 0) return;
          event.preventDefault();
          onFiles(pasted);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" class="icon-button icon-button--accent" aria-label={t('chat.send')} aria-disabled={text.trim() === '' || over > 0}>
        <Icon node={SendHorizontal} />
      </button>
      {over > 0 && (
        <p class="field__error composer__error" role="alert">
          {t('chat.tooLong', { count: over })}
        </p>
      )}
    </form>
  );
}
