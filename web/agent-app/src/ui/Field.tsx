import type { ReactNode } from 'react';
import { type Control, Controller, type FieldPath, type FieldValues, type RegisterOptions } from 'react-hook-form';
import { FieldError } from 'react-aria-components/FieldError';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { Text } from 'react-aria-components/Text';
import { TextField } from 'react-aria-components/TextField';

interface FieldProps<T extends FieldValues> {
  control: Control<T>;
  name: FieldPath<T>;
  label: string;
  hint?: ReactNode | undefined;
  type?: 'text' | 'email' | 'password' | undefined;
  autoComplete?: string | undefined;
  autoFocus?: boolean | undefined;
  rules?: Omit<RegisterOptions<T>, 'valueAsNumber' | 'valueAsDate' | 'setValueAs' | 'disabled'> | undefined;
}

export function Field<T extends FieldValues>({ control, name, label, hint, type = 'text', autoComplete, autoFocus, rules }: FieldProps<T>) {
  return (
    <Controller
      control={control}
      name={name}
      {...(rules ? { rules } : {})}
      render={({ field, fieldState }) => (
        <TextField
          className="field"
          type={type}
          name={field.name}
          value={field.value ?? ''}
          onChange={field.onChange}
          onBlur={field.onBlur}
          isInvalid={fieldState.invalid}
          validationBehavior="aria"
          isRequired={Boolean(rules?.required)}
          {...(autoComplete ? { autoComplete } : {})}
        >
          <Label>{label}</Label>
          <Input ref={field.ref} autoFocus={autoFocus ?? false} />
          {hint && (
            <Text slot="description" className="field__hint">
              {hint}
            </Text>
          )}
          <FieldError className="field__error">{fieldState.error?.message}</FieldError>
        </TextField>
      )}
    />
  );
}
