import { localeOf } from '@upcall/shared/i18n/locale';
import { sizeText, type Upload } from '@upcall/shared/participant/files';
import { RotateCcw, X } from 'lucide';
import type { JSX } from 'preact';
import { useLanguageTag, useT } from '../i18n';
import { Icon } from './Icon';

interface Props {
  upload: Upload;
  maxBytes: number;
  onRetry(): void;
  onDrop(): void;
}

/** After these the same file may get through. */
const MAY_RETRY = ['network', 'server'];

/** A file of ours on its way, or why it is not. */
export function UploadLine({ upload, maxBytes, onRetry, onDrop }: Props): JSX.Element {
  const t = useT();
  const locale = localeOf(useLanguageTag());
  const { failed, file, sent } = upload;
  const percent = Math.round(sent * 100);
  return (
    <li class="message message--own message--first">
      <div class={`file file--own${failed ? ' file--failed' : ''}`}>
        <p class="file__text">
          <bdi class="file__name">{file.name}</bdi>
          {failed ? (
            <span class="file__state" role="alert">
              {t(`file.problem.${failed}`, { size: sizeText(maxBytes, locale) })}
            </span>
          ) : (
            <progress class="file__progress" max={100} value={percent} aria-label={t('file.sending', { name: file.name })} />
          )}
        </p>
        {failed && MAY_RETRY.includes(failed) && (
          <button type="button" class="icon-button" aria-label={t('file.retry', { name: file.name })} onClick={onRetry}>
            <Icon node={RotateCcw} />
          </button>
        )}
        <button type="button" class="icon-button" aria-label={t(failed ? 'file.discard' : 'file.cancel', { name: file.name })} onClick={onDrop}>
          <Icon node={X} />
        </button>
      </div>
    </li>
  );
}
