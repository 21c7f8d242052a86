// What goes on in the contact centre, asked again every two seconds while somebody looks; times run on in between.
import { useEffect, useState } from 'react';
import { type Live, supervisorApi } from '../api/supervisor';

const EVERY_MS = 2_000;
const TICK_MS = 1_000;

export interface UseLive {
  live: Live | undefined;
  /** Of the last attempt. */
  error: unknown;
  /** The server's time now, in Unix milliseconds. */
  now: number;
}

export function useLive(): UseLive {
  const [live, setLive] = useState<Live>();
  const [error, setError] = useState<unknown>();
  const [skew, setSkew] = useState(0);
  const [now, setNow] = useState(Date.now);

  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      clearTimeout(timer);
      if (document.visibilityState === 'visible') {
        try {
          const found = await supervisorApi.live();
          if (stopped) return;
          setLive(found);
          setSkew(Date.parse(found.at) - Date.now());
          setError(undefined);
        } catch (failure) {
          if (stopped) return;
          setError(failure);
        }
      }
      timer = setTimeout(() => void ask(), EVERY_MS);
    };
    void ask();
    const tick = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => {
      stopped = true;
      clearTimeout(timer);
      clearInterval(tick);
    };
  }, []);

  return { live, error, now: now + skew };
}
