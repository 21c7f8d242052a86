import { type DragEvent, type ReactNode, useState } from 'react';
import { useTexts } from '../i18n/texts';
import { useChatWindow } from './chat-window';
import { useFileHint } from './use-file-hint';

interface DropAreaProps {
  className: string;
  label: string;
  children: ReactNode;
}

/** A conversation, on which files can be dropped. */
export function DropArea({ className, label, children }: DropAreaProps) {
  const { t } = useTexts();
  const { files } = useChatWindow();
  const hint = useFileHint();
  const [over, setOver] = useState(false);
  const takes = (event: DragEvent) => files !== undefined && event.dataTransfer.types.includes('Files');
  return (
    <section
      className={className}
      aria-label={label}
      onDragOver={(event) => {
        if (!takes(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
      onDrop={(event) => {
        if (!takes(event)) return;
        event.preventDefault();
        setOver(false);
        files?.send([...event.dataTransfer.files]);
      }}
    >
      {children}
      {over && (
        <div className="chat__drop">
          <strong>{t('file.drop')}</strong>
          <span className="soft">{hint}</span>
        </div>
      )}
    </section>
  );
}
