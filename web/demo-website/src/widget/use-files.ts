// What the installation takes of files, in words; and files that are dropped on the chat.
import { localeOf } from '@upcall/shared/i18n/locale';
import { type FileLimits, kindsOf, sizeText } from '@upcall/shared/participant/files';
import { useEffect, useState } from 'preact/hooks';
import type { WidgetController } from './controller';
import { useLanguageTag, useT } from './i18n';

export interface Files {
  limits: FileLimits;
  hint: string;
}

/** Null as long as nothing is known, and where no files are taken. */
export function useFiles(controller: WidgetController): Files | null {
  const t = useT();
  const locale = localeOf(useLanguageTag());
  const [limits, setLimits] = useState<FileLimits | null>(null);
  useEffect(() => {
    controller.config().then(
      ({ files }) => setLimits(files),
      () => undefined, // the chat works without files
    );
  }, [controller]);
  if (!limits || limits.maxBytes === 0) return null;
  const kinds = new Intl.ListFormat(locale).format(kindsOf(limits.types).map((kind) => t(`file.kind.${kind}`)));
  return { limits, hint: t('file.hint', { size: sizeText(limits.maxBytes, locale), kinds }) };
}

export interface DropArea {
  over: boolean;
  handlers: {
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
  };
}

export function useDropArea(enabled: boolean, onFiles: (files: File[]) => void): DropArea {
  const [over, setOver] = useState(false);
  const isFiles = (event: DragEvent) => enabled && (event.dataTransfer?.types.includes('Files') ?? false);
  return {
    over,
    handlers: {
      onDragOver: (event) => {
        if (!isFiles(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: (event) => {
        if (!(event.currentTarget as Element).contains(event.relatedTarget as Node | null)) setOver(false);
      },
      onDrop: (event) => {
        if (!isFiles(event)) return;
        event.preventDefault();
        setOver(false);
        onFiles([...(event.dataTransfer?.files ?? [])]);
      },
    },
  };
}
