// What the server says now, asked again while it may change. A failure keeps what was there.
import { useCallback, useEffect, useState } from 'react';

export interface Polled<T> {
  value: T | undefined;
  error: unknown;
  again: () => void;
}

/** `load` must keep its identity as long as the question is the same; `everyMs` says when to ask again, undefined: not by itself. */
export function usePolled<T>(load: () => Promise<T>, everyMs: (value: T) => number | undefined): Polled<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<unknown>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      load().then(
        (got) => {
          if (gone) return;
          setValue(got);
          setError(undefined);
          const ms = everyMs(got);
          if (ms !== undefined) timer = setTimeout(ask, ms);
        },
        (failure: unknown) => {
          if (gone) return;
          setError(failure);
          timer = setTimeout(ask, 5000);
        },
      );
    };
    ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [load, everyMs, round]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  return { value, error, again };
}
