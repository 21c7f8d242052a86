import type { Device } from '@upcall/shared/media/devices';
import type { JSX } from 'preact';
import { useT } from '../../widget/i18n';

interface Props {
  label: string;
  devices: readonly Device[];
  value: string;
  onValue(id: string): void;
  none?: { id: string; label: string };
}

export function DeviceSelect({ label, devices, value, onValue, none }: Props): JSX.Element {
  const t = useT();
  // Browsers list the system's choice as a device of its own; the first entry stands for it already.
  const real = devices.filter((device) => device.id !== 'default');
  return (
    <label class="field">
      <span class="field__label">{label}</span>
      <select class="field__input" value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        <option value="">{t('devices.default')}</option>
        {real.map((device, i) => (
          <option key={device.id} value={device.id}>
            {device.label || t('devices.numbered', { kind: label, number: i + 1 })}
          </option>
        ))}
        {none && <option value={none.id}>{none.label}</option>}
      </select>
    </label>
  );
}
