import { Copy, ExternalLink } from 'lucide-react';
import { Link } from 'react-router';
import { ATTRIBUTE } from '../centre/types';
import { useTexts } from '../i18n/texts';
import { IconButton } from '../ui/Button';
import { showToast } from '../ui/toasts';

/** The playback page behind an address of ours; nothing of any other: an attribute may hold what a stranger wrote. */
export function playbackPath(url: string, page: string = location.href): string | undefined {
  try {
    const { origin, pathname } = new URL(url, page);
    return origin === new URL(page).origin && /^\/recording\/[^/]+$/.test(pathname) ? pathname : undefined;
  } catch {
    return undefined;
  }
}

export function Attributes({ attributes }: { attributes: Record<string, string> }) {
  const { t } = useTexts();
  const list = Object.entries(attributes).toSorted(([a], [b]) => a.localeCompare(b));
  if (list.length === 0) return <p className="soft">{t('search.noAttributes')}</p>;
  return (
    <dl className="facts facts--stacked">
      {list.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">
            {value || '–'}
            {name === ATTRIBUTE.playbackUrl && value && <Playback url={value} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Playback({ url }: { url: string }) {
  const { t } = useTexts();
  const path = playbackPath(url);
  const copy = () =>
    navigator.clipboard.writeText(url).then(
      () => showToast('info', t('search.copied')),
      () => showToast('error', t('search.notCopied')),
    );
  return (
    <span className="contact__link">
      <IconButton small label={t('search.copyLink')} icon={Copy} onPress={() => void copy()} />
      {path && (
        <Link className="link" to={path}>
          {t('search.openRecordings')} <ExternalLink size={14} aria-hidden />
        </Link>
      )}
    </span>
  );
}
