// What the installation takes of files, in words.
import { localeOf } from '@upcall/shared/i18n/locale';
import { kindsOf, sizeText } from '@upcall/shared/participant/files';
import { useTexts } from '../i18n/texts';
import { useChatWindow } from './chat-window';

export function useFileHint(): string {
  const { t, language } = useTexts();
  const { files } = useChatWindow();
  if (!files) return '';
  const locale = localeOf(language);
  const kinds = new Intl.ListFormat(locale).format(kindsOf(files.limits.types).map((kind) => t(`file.kind.${kind}`)));
  return t('file.hint', { size: sizeText(files.limits.maxBytes, locale), kinds });
}
