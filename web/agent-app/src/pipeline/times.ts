import { useEffect, useState } from 'react';

interface Span {
  started?: string;
  ended?: string;
}

/** In milliseconds, until now when it has not ended. */
export function lasted({ started, ended }: Span, now: number): number {
  if (!started) return 0;
  return Math.max(0, (ended ? new Date(ended).getTime() : now) - new Date(started).getTime());
}

/** The present time, once a second while something runs. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
