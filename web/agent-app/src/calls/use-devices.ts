import { useEffect, useState } from 'react';
import { type DeviceList, watchDevices } from '@upcall/shared/media/devices';

const NONE: DeviceList = { microphones: [], cameras: [], speakers: [] };

/** `moment` changes when a permission may have been given: the labels are read again. */
export function useDevices(moment?: unknown): DeviceList {
  const [list, setList] = useState(NONE);
  useEffect(() => watchDevices(setList), [moment]);
  return list;
}
