// A stage's log as it grows: pieces from where the last one ended, and of very long ones the end alone.
import { useEffect, useState } from 'react';
import { pipelineApi } from '../api/pipeline';

export const SHOWN_MAX = 400_000;

/** The end of what is there; whole lines. */
export function clipped(text: string, most = SHOWN_MAX): { text: string; cut: boolean } {
  if (text.length <= most) return { text, cut: false };
  const from = text.indexOf('\n', text.length - most);
  return { text: from < 0 ? text.slice(-most) : text.slice(from + 1), cut: true };
}

export interface ShownLog {
  text: string;
  cut: boolean;
  loaded: boolean;
  error: unknown;
}

export function useLog(run: number, stage: string, begun: boolean): ShownLog {
  const [log, setLog] = useState<ShownLog>({ text: '', cut: false, loaded: false, error: undefined });
  useEffect(() => {
    setLog({ text: '', cut: false, loaded: !begun, error: undefined });
    if (!begun) return;
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let from = 0;
    const ask = () => {
      pipelineApi.log(run, stage, from).then(
        (piece) => {
          if (gone) return;
          from = piece.next;
          setLog((before) => {
            const now = clipped(before.text + piece.text);
            return { text: now.text, cut: before.cut || now.cut, loaded: true, error: undefined };
          });
          // More is there already, or comes while the stage runs.
          if (!piece.over) timer = setTimeout(ask, piece.text ? 0 : 1000);
        },
        (error: unknown) => {
          if (gone) return;
          setLog((before) => ({ ...before, loaded: true, error }));
          timer = setTimeout(ask, 5000);
        },
      );
    };
    ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [run, stage, begun]);
  return log;
}
