import { SendHorizontal } from 'lucide-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';
import { AttachButton } from './AttachButton';
import { useChatWindow } from './chat-window';

/** The server's bound on a message's bytes. */
const MAX_BYTES = 16_384;

/** What was begun survives a look at another contact. */
const drafts = new Map<string, string>();

interface ComposerProps {
  contactId: string;
  /** A failure is shown at the message itself, with the way to send it again. */
  onSend: (content: string) => void;
  onTyping: () => void;
}

export function Composer({ contactId, onSend, onTyping }: ComposerProps) {
  const { t } = useTexts();
  const { files } = useChatWindow();
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(drafts.get(contactId) ?? '');
  const tooLong = new TextEncoder().encode(text).length > MAX_BYTES;

  const change = (value: string) => {
    setText(value);
    drafts.set(contactId, value);
    if (value.trim()) onTyping();
  };

  const submit = () => {
    const content = text.trim();
    if (!content || tooLong) return;
    change('');
    area.current?.focus();
    onSend(content);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <AttachButton />
      <div className="composer__grow" data-text={`${text} `}>
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={text}
          aria-label={t('chat.message')}
          aria-invalid={tooLong}
          placeholder={t('chat.placeholder')}
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const pasted = [...event.clipboardData.files];
            if (!files || pasted.length === 0) return;
            event.preventDefault();
            files.send(pasted);
          }}
        />
      </div>
      <IconButton
        type="submit"
        label={t('chat.send')}
        icon={SendHorizontal}
        isDisabled={!text.trim() || tooLong}
        className="icon-button--primary"
      />
      {tooLong && (
        <p className="composer__error" role="alert">
          {t('chat.tooLong')}
        </p>
      )}
    </form>
  );
}
