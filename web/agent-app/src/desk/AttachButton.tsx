import { Paperclip } from 'lucide-react';
import { useId, useRef } from 'react';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';
import { useChatWindow } from './chat-window';
import { useFileHint } from './use-file-hint';

export function AttachButton() {
  const { t } = useTexts();
  const { files } = useChatWindow();
  const hint = useFileHint();
  const hintId = useId();
  const input = useRef<HTMLInputElement>(null);
  if (!files) return null;
  return (
    <>
      <IconButton label={t('file.attach')} tip={hint} icon={Paperclip} aria-describedby={hintId} onPress={() => input.current?.click()} />
      <span id={hintId} hidden>
        {hint}
      </span>
      <input
        ref={input}
        className="visually-hidden"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden
        accept={files.limits.types.join(',')}
        onChange={(event) => {
          files.send([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </>
  );
}
