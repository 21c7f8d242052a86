// A film that still grows, into a <video>: hls.js where the browser has Media Source Extensions (loaded when it is needed),
// else the browser's own HLS (Safari on phones).
import type Hls from 'hls.js';

export interface LiveSource {
  /** Another address of the same film: everything that is asked for from now on asks with its grant. */
  renew(url: string): void;
  /** After trouble: try again, with the address that was given last. */
  retry(): void;
  close(): void;
}

/** status: of the answer that ended it, 0 when there was none; nothing: the pictures themselves cannot be played. */
export type OnTrouble = (status: number | undefined) => void;

const NATIVE_TYPE = 'application/vnd.apple.mpegurl';
/** H.264 High and AAC-LC: what composers make. */
const FILM_TYPE = 'video/mp4; codecs="avc1.640028,mp4a.40.2"';

function mediaSource(): { isTypeSupported(type: string): boolean } | undefined {
  const scope = globalThis as { ManagedMediaSource?: typeof MediaSource; MediaSource?: typeof MediaSource };
  return scope.ManagedMediaSource ?? scope.MediaSource;
}

export function liveKind(video?: HTMLVideoElement): 'hls.js' | 'native' | undefined {
  if (mediaSource()?.isTypeSupported(FILM_TYPE)) return 'hls.js';
  const element = video ?? document.createElement('video');
  return element.canPlayType(NATIVE_TYPE) ? 'native' : undefined;
}

/** The address with the grant of another one. */
export function withGrantOf(url: string, fresh: string): string {
  const grant = new URL(fresh, location.href).searchParams.get('grant');
  if (!grant) return url;
  const out = new URL(url, location.href);
  out.searchParams.set('grant', grant);
  return out.href;
}

export async function openLive(video: HTMLVideoElement, url: string, onTrouble: OnTrouble): Promise<LiveSource> {
  return liveKind(video) === 'hls.js' ? withLibrary(video, url, onTrouble) : native(video, url, onTrouble);
}

async function withLibrary(video: HTMLVideoElement, url: string, onTrouble: OnTrouble): Promise<LiveSource> {
  const { default: Library } = await import('hls.js/light');
  let address = url;
  let recoveries = 0;
  const hls: Hls = new Library({
    // The page's policy would allow a worker, but remuxing is not needed: fragments go to the browser as they are.
    enableWorker: false,
    backBufferLength: 60,
    xhrSetup: (request, asked) => request.open('GET', withGrantOf(asked, address), true),
  });
  hls.on(Library.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    if (data.type === Library.ErrorTypes.MEDIA_ERROR) {
      recoveries += 1;
      if (recoveries <= 2) hls.recoverMediaError();
      else onTrouble(undefined);
      return;
    }
    onTrouble(data.type === Library.ErrorTypes.NETWORK_ERROR ? (data.response?.code ?? 0) : undefined);
  });
  hls.on(Library.Events.FRAG_BUFFERED, () => {
    recoveries = 0;
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    renew: (fresh) => {
      address = fresh;
    },
    retry: () => {
      // Without a playlist yet there is nothing to go on with.
      if (hls.levels.length === 0) hls.loadSource(address);
      else hls.startLoad();
    },
    close: () => hls.destroy(),
  };
}

/** The browser asks with the address that it was given: a fresh one is given before the old one expires. */
export const NATIVE_RENEW_AFTER_MS = 12 * 60_000;

function native(video: HTMLVideoElement, url: string, onTrouble: OnTrouble): LiveSource {
  let address = url;
  let since = Date.now();
  const load = (): void => {
    const at = video.currentTime;
    const playing = !video.paused;
    since = Date.now();
    video.src = address;
    if (at > 0) {
      video.addEventListener(
        'loadedmetadata',
        () => {
          video.currentTime = at;
          if (playing) void video.play().catch(() => undefined);
        },
        { once: true },
      );
    }
  };
  const onError = (): void => onTrouble(0);
  video.addEventListener('error', onError);
  load();
  return {
    renew: (fresh) => {
      address = fresh;
      if (Date.now() - since >= NATIVE_RENEW_AFTER_MS) load();
    },
    retry: load,
    close: () => {
      video.removeEventListener('error', onError);
      video.removeAttribute('src');
      video.load();
    },
  };
}
