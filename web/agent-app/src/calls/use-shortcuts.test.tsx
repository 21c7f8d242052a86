import { cleanup, render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepSingleKeys } from './preferences';
import { useShortcuts } from './use-shortcuts';

function Page({ onKey }: { onKey: () => void }) {
  useShortcuts({ m: onKey });
  return <input aria-label="Message" />;
}

const onKey = vi.fn();
beforeEach(() => {
  keepSingleKeys(true);
  onKey.mockClear();
});
afterEach(cleanup);

describe('single keys in a call', () => {
  it('act anywhere but in a text, and not with Ctrl', async () => {
    const { getByLabelText } = render(<Page onKey={onKey} />);
    await userEvent.keyboard('m');
    expect(onKey).toHaveBeenCalledTimes(1);
    await userEvent.keyboard('{Control>}m{/Control}');
    await userEvent.type(getByLabelText('Message'), 'm');
    expect(onKey).toHaveBeenCalledTimes(1);
  });

  it('are silent for who has switched them off', async () => {
    render(<Page onKey={onKey} />);
    keepSingleKeys(false);
    await userEvent.keyboard('m');
    expect(onKey).not.toHaveBeenCalled();
  });
});
