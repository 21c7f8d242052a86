import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Field } from './Field';
import { needs, useForm } from './use-form';

function Sample({ act }: { act: (values: { name: string; word: string }) => Promise<unknown> }) {
  const form = useForm({ name: '', word: '' }, { name: needs('No name.'), word: (value) => (value === 'x' ? undefined : 'Say x.') });
  return (
    <form onSubmit={form.submit((values) => act(values).catch(() => form.again('word')))} noValidate>
      <Field form={form} name="name" label="Name" />
      <Field form={form} name="word" label="Word" />
      <button type="submit">{form.busy ? 'Busy' : 'Go'}</button>
    </form>
  );
}

afterEach(cleanup);

describe('a form', () => {
  it('says nothing before it is tried, then goes to the first thing that is wrong', async () => {
    const act = vi.fn(async () => undefined);
    render(<Sample act={act} />);
    expect(screen.queryByText('No name.')).toBeNull();
    await userEvent.click(screen.getByRole('button'));
    expect(screen.getByText('No name.')).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByLabelText('Name'));
    expect(act).not.toHaveBeenCalled();
    await userEvent.type(screen.getByLabelText('Name'), 'Jane');
    expect(screen.queryByText('No name.')).toBeNull();
    expect(screen.getByText('Say x.')).toBeTruthy();
  });

  it('acts once however often it is sent, and can be tried again', async () => {
    let fail = (_: Error) => {};
    const act = vi.fn(() => new Promise((_, reject) => (fail = reject)));
    render(<Sample act={act} />);
    await userEvent.type(screen.getByLabelText('Name'), 'Jane');
    await userEvent.type(screen.getByLabelText('Word'), 'x{Enter}{Enter}');
    expect(act).toHaveBeenCalledTimes(1);
    expect(act).toHaveBeenCalledWith({ name: 'Jane', word: 'x' });
    fail(new Error('no'));
    await screen.findByText('Go');
    const word = screen.getByLabelText<HTMLInputElement>('Word');
    expect(word.value).toBe('');
    expect(document.activeElement).toBe(word);
    expect(screen.queryByText('Say x.')).toBeNull();
  });
});
