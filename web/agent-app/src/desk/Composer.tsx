import { SendHorizontal } from 'lucide-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useCentre } from '../centre/store';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';

/** The server's bound on a message's bytes. */
const MAX_BYTES = 16_384;

/** What was begun survives a look at another contact. */
const drafts = new Map<string, string>();

export function Composer({ contactId }: { contactId: string }) {
  const { t } = useTexts();
  const send = useCentre((centre) => centre.send);
  const typing = useCentre((centre) => centre.typing);
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(drafts.get(contactId) ?? '');
  const tooLong = new TextEncoder().encode(text).length > MAX_BYTES;

  const change = (value: string) => {
    setText(value);
    drafts.set(contactId, value);
    if (value.trim()) typing(contactId);
  };

  const submit = () => {
    const content = text.trim();
    if (!content || tooLong) return;
    change('');
    area.current?.focus();
    // A failure is shown at the message itself, with the way to send it again.
    send(contactId, content).catch(() => undefined);
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
