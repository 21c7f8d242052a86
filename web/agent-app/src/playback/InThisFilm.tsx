import { CircleCheck, EyeOff, LogIn, LogOut, type LucideIcon, Pause, TriangleAlert, Unplug } from 'lucide-react';
import { type RefObject, useEffect, useState } from 'react';
import { type FilmManifest, recordingsApi } from '../api/recordings';
import { clock } from '../desk/time';
import { useTexts } from '../i18n/texts';
import { type FilmEvent, filmEvents } from './film-events';

/** The look at a film follows its storing by some seconds. */
const ASK_AGAIN_MS = 5_000;
const ASK_MOST = 12;

const ICONS: Record<FilmEvent['kind'], LucideIcon> = {
  joins: LogIn, leaves: LogOut, paused: Pause, forgotten: EyeOff, missing: Unplug, finding: TriangleAlert,
};

/** Who comes and goes, what is left out and what the look at the film has found; each leads to its place. */
export function InThisFilm({ recordingId, video }: { recordingId: string; video: RefObject<HTMLVideoElement | null> }) {
  const { t } = useTexts();
  const manifest = useManifest(recordingId);
  // Of a film from before there were manifests nothing more is known.
  if (!manifest) return null;
  const events = filmEvents(manifest);
  const check = manifest.health.check;
  const show = (atMs: number) => {
    const element = video.current;
    if (!element) return;
    // A little before it, so that it is seen to happen.
    element.currentTime = Math.max(0, atMs / 1000 - 1);
    element.focus();
  };
  return (
    <section className="in-film" aria-labelledby="in-film-title">
      <h2 id="in-film-title">{t('playback.film.title')}</h2>
      <p className="in-film__check soft" role="status">
        {check && check.findings.length === 0 && <CircleCheck size={16} aria-hidden />}
        {!check ? t('playback.film.unchecked') : check.findings.length === 0 ? t('playback.film.good') : t('playback.film.bad')}
      </p>
      <ol>
        {events.map((event, index) => {
          const Icon = ICONS[event.kind];
          return (
            <li key={index}>
              <button
                type="button"
                className={`in-film__event${event.kind === 'finding' && event.isAlarm ? ' in-film__event--alarm' : ''}`}
                onClick={() => show(event.atMs)}
              >
                <span className="in-film__time">{clock(event.atMs)}</span>
                <Icon size={16} aria-hidden />
                <span>{words(event)}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );

  function words(event: FilmEvent): string {
    switch (event.kind) {
      case 'joins':
      case 'leaves':
        return t(`playback.film.${event.kind}`, { name: event.name });
      case 'finding':
        return t(`playback.film.finding.${event.finding}`);
      default:
        return t(`playback.film.${event.kind}`, { time: clock(Math.max(1000, event.lengthMs)) });
    }
  }
}

function useManifest(recordingId: string): FilmManifest | undefined {
  const [manifest, setManifest] = useState<FilmManifest>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const ask = async (times: number) => {
      const now = await recordingsApi.manifest(recordingId).catch(() => undefined);
      if (gone) return;
      if (now) setManifest(now);
      if (!now?.health.check && times < ASK_MOST) timer = setTimeout(() => void ask(times + 1), ASK_AGAIN_MS);
    };
    void ask(1);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [recordingId]);
  return manifest;
}
