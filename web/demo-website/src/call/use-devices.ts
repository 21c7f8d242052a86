import { watchDevices, type DeviceList } from '@upcall/shared/media/devices';
import { useEffect, useState } from 'preact/hooks';

/** What is plugged in. `sign` changes when the browser may have become willing to tell more (after a permission). */
export function useDevices(sign: unknown): DeviceList {
  const [list, setList] = useState<DeviceList>({ microphones: [], cameras: [], speakers: [] });
  useEffect(() => watchDevices(setList), [sign]);
  return list;
}
