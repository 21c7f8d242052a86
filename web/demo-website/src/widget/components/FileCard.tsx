import { localeOf } from '@upcall/shared/i18n/locale';
import { type Attachment, sizeText } from '@upcall/shared/participant/files';
import { Download, File as FileIcon, FileX, LoaderCircle } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLanguageTag, useT } from '../i18n';
import { Icon } from './Icon';

interface Props {
  file: Attachment;
  /** An address that is good for a moment. */
  onAddress(attachmentId: string): Promise<string>;
}

const ICONS = { APPROVED: FileIcon, IN_PROGRESS: LoaderCircle, REJECTED: FileX };

/** A file that was sent: its name, its size, what the check says, and the way to have it. */
export function FileCard({ file, onAddress }: Props): JSX.Element {
  const t = useT();
  const locale = localeOf(useLanguageTag());
  const [failed, setFailed] = useState(false);
  const save = async () => {
    setFailed(false);
    try {
      // It comes as a download and never as a page.
      location.assign(await onAddress(file.AttachmentId));
    } catch {
      setFailed(true);
    }
  };
  const size = file.AttachmentSizeInBytes;
  const state = file.Status === 'IN_PROGRESS' ? t('file.checking') : file.Status === 'REJECTED' ? t('file.rejected') : size ? sizeText(size, locale) : '';
  return (
    <div class={`file file--${file.Status.toLowerCase()}`}>
      <Icon node={ICONS[file.Status]} />
      <p class="file__text">
        <bdi class="file__name">{file.AttachmentName}</bdi>
        <span class="file__state" role={failed ? 'alert' : undefined}>
          {failed ? t('file.notFetched') : state}
        </span>
      </p>
      {file.Status === 'APPROVED' && (
        <button type="button" class="icon-button" aria-label={t('file.download', { name: file.AttachmentName })} onClick={() => void save()}>
          <Icon node={Download} />
        </button>
      )}
    </div>
  );
}
