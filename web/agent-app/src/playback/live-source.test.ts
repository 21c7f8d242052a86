import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const made = vi.hoisted(() => [] as FakeHls[]);
type Handler = (name: string, data: unknown) => void;
interface FakeHls {
  config: { xhrSetup: (request: XMLHttpRequest, url: string) => void };
  handlers: Map<string, Handler>;
  calls: string[];
  levels: unknown[];
}

vi.mock('hls.js/light', () => ({
  default: class {
    static Events = { ERROR: 'hlsError', FRAG_BUFFERED: 'hlsFragBuffered' };
    static ErrorTypes = { MEDIA_ERROR: 'mediaError', NETWORK_ERROR: 'networkError' };
    handlers = new Map<string, Handler>();
    calls: string[] = [];
    levels: unknown[] = [];
    constructor(readonly config: FakeHls['config']) {
      made.push(this as unknown as FakeHls);
    }
    on(event: string, handler: Handler) {
      this.handlers.set(event, handler);
    }
    loadSource(url: string) {
      this.calls.push(`load ${url}`);
    }
    attachMedia() {
      this.calls.push('attach');
    }
    startLoad() {
      this.calls.push('start');
    }
    recoverMediaError() {
      this.calls.push('recover');
    }
    destroy() {
      this.calls.push('destroy');
    }
  },
}));

const { liveKind, NATIVE_RENEW_AFTER_MS, openLive, withGrantOf } = await import('./live-source');

const first = 'http://host/api/recording/live/r1/index.m3u8?grant=one';
const second = 'http://host/api/recording/live/r1/index.m3u8?grant=two';
const video = (hls = ''): HTMLVideoElement => {
  const element = document.createElement('video');
  element.canPlayType = (type) => (type === 'application/vnd.apple.mpegurl' ? (hls as CanPlayTypeResult) : '');
  element.load = () => undefined;
  return element;
};
const extensions = (supported: boolean) => vi.stubGlobal('MediaSource', { isTypeSupported: () => supported });

beforeEach(() => made.splice(0));
afterEach(() => vi.unstubAllGlobals());

describe('what a browser can do', () => {
  it('takes the library where there are media source extensions for our film, the browser itself elsewhere', () => {
    extensions(true);
    expect(liveKind(video('maybe'))).toBe('hls.js');
    extensions(false);
    expect(liveKind(video('maybe'))).toBe('native');
    vi.stubGlobal('MediaSource', undefined);
    expect(liveKind(video('maybe'))).toBe('native');
    expect(liveKind(video())).toBe(undefined);
  });
});

describe('with the library', () => {
  const asked = (url: string): string => {
    const open = vi.fn();
    made[0]?.config.xhrSetup({ open } as unknown as XMLHttpRequest, url);
    return open.mock.calls[0]?.[1] as string;
  };
  const fails = (data: object) => made[0]?.handlers.get('hlsError')?.('hlsError', data);

  beforeEach(() => extensions(true));

  it('asks for everything with the grant of the address that was given last', async () => {
    const source = await openLive(video(), first, () => undefined);
    expect(made[0]?.calls).toEqual([`load ${first}`, 'attach']);
    expect(asked('http://host/api/recording/live/r1/film.mp4?grant=one')).toBe('http://host/api/recording/live/r1/film.mp4?grant=one');
    source.renew(second);
    expect(asked(first)).toBe(second);
    expect(asked('http://host/api/recording/live/r1/film.mp4?grant=one')).toBe('http://host/api/recording/live/r1/film.mp4?grant=two');
    source.close();
    expect(made[0]?.calls.at(-1)).toBe('destroy');
  });

  it('tells the status of what went wrong, and goes on when it is told to', async () => {
    const trouble: (number | undefined)[] = [];
    const source = await openLive(video(), first, (status) => trouble.push(status));
    fails({ fatal: false, type: 'networkError' });
    fails({ fatal: true, type: 'networkError', response: { code: 410 } });
    fails({ fatal: true, type: 'networkError' });
    expect(trouble).toEqual([410, 0]);
    source.renew(second);
    source.retry();
    expect(made[0]?.calls.at(-1)).toBe(`load ${second}`);
    made[0]?.levels.push({});
    source.retry();
    expect(made[0]?.calls.at(-1)).toBe('start');
  });

  it('recovers a decoder twice, then says that the film cannot be played', async () => {
    const trouble: (number | undefined)[] = [];
    await openLive(video(), first, (status) => trouble.push(status));
    for (let i = 0; i < 3; i += 1) fails({ fatal: true, type: 'mediaError' });
    expect(made[0]?.calls.filter((call) => call === 'recover')).toHaveLength(2);
    expect(trouble).toEqual([undefined]);
  });
});

describe('by the browser itself', () => {
  afterEach(() => vi.useRealTimers());

  it('is given a fresh address before the old one expires, at the same place', async () => {
    vi.useFakeTimers();
    extensions(false);
    const element = video('maybe');
    const source = await openLive(element, first, () => undefined);
    expect(element.src).toBe(first);
    source.renew(second);
    expect(element.src).toBe(first); // not yet: it would interrupt
    element.currentTime = 31;
    vi.setSystemTime(Date.now() + NATIVE_RENEW_AFTER_MS);
    source.renew(second);
    expect(element.src).toBe(second);
    element.currentTime = 0;
    element.dispatchEvent(new Event('loadedmetadata'));
    expect(element.currentTime).toBe(31);
    source.close();
    expect(element.hasAttribute('src')).toBe(false);
  });
});

it('puts one address’s grant into another', () => {
  expect(withGrantOf('http://host/a/film.mp4?grant=one&x=1', second)).toBe('http://host/a/film.mp4?grant=two&x=1');
  expect(withGrantOf(first, 'http://host/elsewhere')).toBe(first);
});
