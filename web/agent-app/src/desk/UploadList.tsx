import { RotateCcw, X } from 'lucide-react';
import { localeOf } from '@upcall/shared/i18n/locale';
import { sizeText, type Upload } from '@upcall/shared/participant/files';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';
import { useChatWindow } from './chat-window';

/** After these the same file may get through. */
const MAY_RETRY: readonly Upload['failed'][] = ['network', 'server'];

/** Own files on their way, or why they are not. */
export function UploadList() {
  const { files } = useChatWindow();
  return files?.uploads.map((upload) => <UploadRow key={upload.id} upload={upload} files={files} />);
}

function UploadRow({ upload, files }: { upload: Upload; files: NonNullable<ReturnType<typeof useChatWindow>['files']> }) {
  const { t, language } = useTexts();
  const { id, file, failed, sent } = upload;
  const { name } = file;
  return (
    <div className="message message--own">
      <div className={`file${failed ? ' file--failed' : ''}`}>
        <p className="file__text">
          <span className="file__name" dir="auto">
            {name}
          </span>
          {failed ? (
            <span className="file__state" role="alert">
              {t(`file.problem.${failed}`, { size: sizeText(files.limits.maxBytes, localeOf(language)) })}
            </span>
          ) : (
            <progress className="file__progress" max={100} value={Math.round(sent * 100)} aria-label={t('file.sending', { name })} />
          )}
        </p>
        {failed && MAY_RETRY.includes(failed) && <IconButton label={t('file.retry', { name })} icon={RotateCcw} onPress={() => files.retry(id)} />}
        <IconButton label={t(failed ? 'file.discard' : 'file.cancel', { name })} icon={X} onPress={() => files.drop(id)} />
      </div>
    </div>
  );
}
