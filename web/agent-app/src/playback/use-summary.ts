// A meeting's recordings, read again by itself while one of them is still being made.
import { useCallback, useEffect, useRef, useState } from 'react';
import { isPassing } from '@upcall/shared/api/errors';
import { type RecordingSummary, recordingsApi } from '../api/recordings';

export interface Summary {
  recordings: RecordingSummary[] | undefined;
  error: unknown;
  /** Reads once more; resolves with the fresh list. */
  refresh: () => Promise<RecordingSummary[]>;
}

const WHILE_MAKING_MS = 3_000;

export function isUnfinished({ status }: RecordingSummary): boolean {
  return status !== 'stored' && status !== 'failed';
}

export function useSummary(meetingId: string): Summary {
  const [recordings, setRecordings] = useState<RecordingSummary[]>();
  const [error, setError] = useState<unknown>();
  const live = useRef(true);

  const refresh = useCallback(async () => {
    try {
      const list = (await recordingsApi.summary(meetingId)).toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
      if (live.current) {
        setRecordings(list);
        setError(undefined);
      }
      return list;
    } catch (failure) {
      // A list that is there stays while the network is away; a withdrawn permission takes it.
      if (live.current) {
        setError(failure);
        if (!isPassing(failure)) setRecordings(undefined);
      }
      throw failure;
    }
  }, [meetingId]);

  useEffect(() => {
    live.current = true;
    refresh().catch(() => undefined); // shown by `error`
    return () => {
      live.current = false;
    };
  }, [refresh]);

  const making = recordings?.some(isUnfinished) ?? false;
  useEffect(() => {
    if (!making) return;
    const timer = setInterval(() => void refresh().catch(() => undefined), WHILE_MAKING_MS);
    return () => clearInterval(timer);
  }, [making, refresh]);

  return { recordings, error, refresh };
}
