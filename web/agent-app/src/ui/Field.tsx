import type { ReactNode } from 'react';
import { FieldError } from 'react-aria-components/FieldError';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { Text } from 'react-aria-components/Text';
import { TextField } from 'react-aria-components/TextField';
import { useController } from 'react-hook-form';
import type { Form } from './use-form';

interface FieldProps<K extends string> {
  form: Form<K>;
  name: K;
  label: string;
  hint?: ReactNode | undefined;
  type?: 'text' | 'email' | 'password' | undefined;
  autoComplete?: string | undefined;
  autoFocus?: boolean | undefined;
}

export function Field<K extends string>({ form, name, label, hint, type = 'text', autoComplete, autoFocus = false }: FieldProps<K>) {
  const { field, fieldState } = useController({ control: form.control, name, rules: { validate: form.check(name) } });
  return (
    <TextField
      className="field"
      type={type}
      name={name}
      value={field.value ?? ''}
      onChange={field.onChange}
      onBlur={field.onBlur}
      isInvalid={fieldState.invalid}
      validationBehavior="aria"
      isRequired={form.isRequired(name)}
      {...(autoComplete ? { autoComplete } : {})}
    >
      <Label>{label}</Label>
      <Input ref={field.ref} autoFocus={autoFocus} />
      {hint && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      <FieldError className="field__error">{fieldState.error?.message}</FieldError>
    </TextField>
  );
}
