import type { JSX } from 'preact';

interface Props {
  label: string;
  name: string;
  value: string;
  onValue(value: string): void;
  type?: 'text' | 'email';
  error?: string | null;
  hint?: string;
  autoComplete: string;
  inputMode?: 'numeric';
  maxLength?: number;
  autoFocus?: boolean;
}

export function Field(props: Props): JSX.Element {
  const { label, name, value, onValue, type = 'text', error = null, hint, autoFocus = false } = props;
  const id = `upcall-field-${name}`;
  const about = [error ? `${id}-error` : '', hint ? `${id}-hint` : ''].filter(Boolean).join(' ');
  const more: Record<string, unknown> = {
    type,
    inputMode: props.inputMode,
    maxLength: props.maxLength,
    'data-autofocus': autoFocus || undefined,
    'aria-invalid': error ? true : undefined,
    'aria-describedby': about || undefined,
  };
  return (
    <div class="field">
      <label class="field__label" for={id}>
        {label}
      </label>
      <input
        id={id}
        class="field__input"
        name={name}
        value={value}
        autocomplete={props.autoComplete}
        {...more}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      {hint && (
        <p id={`${id}-hint`} class="field__hint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} class="field__error">
          {error}
        </p>
      )}
    </div>
  );
}
