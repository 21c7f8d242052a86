import { Download, File as FileIcon, FileX, LoaderCircle } from 'lucide-react';
import { useCallback } from 'react';
import { localeOf } from '@upcall/shared/i18n/locale';
import { type Attachment, sizeText } from '@upcall/shared/participant/files';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';
import { useAction } from '../ui/use-action';
import { useChatWindow } from './chat-window';

const ICONS = { APPROVED: FileIcon, IN_PROGRESS: LoaderCircle, REJECTED: FileX };

/** A file that was sent: its name, its size, what the check says, and the way to have it. */
export function FileCard({ file }: { file: Attachment }) {
  const { t, language } = useTexts();
  const { fileAddress } = useChatWindow();
  const Icon = ICONS[file.Status];
  // The address is made for this moment; the file comes as a download and never as a page.
  const [save, saving] = useAction(
    useCallback(async () => globalThis.location.assign(await fileAddress(file.AttachmentId)), [fileAddress, file.AttachmentId]),
  );
  const size = file.AttachmentSizeInBytes ? sizeText(file.AttachmentSizeInBytes, localeOf(language)) : '';
  const state = { APPROVED: size, IN_PROGRESS: t('file.checking'), REJECTED: t('file.rejected') }[file.Status];
  return (
    <div className={`file file--${file.Status.toLowerCase()}`}>
      <Icon size={20} aria-hidden />
      <p className="file__text">
        <span className="file__name" dir="auto">
          {file.AttachmentName}
        </span>
        <span className="file__state">{state}</span>
      </p>
      {file.Status === 'APPROVED' && (
        <IconButton label={t('file.download', { name: file.AttachmentName })} icon={Download} isDisabled={saving} onPress={() => save()} />
      )}
    </div>
  );
}
