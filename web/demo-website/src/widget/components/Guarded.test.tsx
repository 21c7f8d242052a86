import { cleanup, fireEvent, render, screen } from '@testing-library/preact';
import { afterEach, expect, it, vi } from 'vitest';
import { inEnglish } from '../testing';
import { Guarded } from './Guarded';

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function Broken({ fault }: { fault: Error | null }) {
  if (fault) throw fault;
  return <p>The call</p>;
}

const both = (fault: Error | null) =>
  inEnglish(
    <>
      <Guarded place="call-wait" text="broken.inCall">
        <Broken fault={fault} />
      </Guarded>
      <p>The chat</p>
    </>,
  );

it('says that a part has stumbled, and leaves what stands beside it', () => {
  const logged = vi.spyOn(console, 'error').mockReturnValue();
  const reload = vi.spyOn(location, 'reload').mockReturnValue();
  const fault = new Error('a fault');
  const { rerender } = render(both(null));
  expect(screen.getByText('The call')).toBeTruthy();
  rerender(both(fault));
  expect(screen.queryByText('The call')).toBeNull();
  expect(screen.getByText('The chat')).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByRole('dialog', { name: 'This window has stumbled' }));
  // Whoever watches over the site learns of it.
  expect(logged).toHaveBeenCalledWith(fault);
  fireEvent.click(screen.getByRole('button', { name: 'Reload the page' }));
  expect(reload).toHaveBeenCalledOnce();
});
