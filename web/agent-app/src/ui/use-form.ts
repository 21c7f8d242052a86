// A form by react-hook-form: checked when it is sent and from then on, the focus where something is wrong, one attempt at
// a time.
import { type FormEvent, useRef } from 'react';
import { type Control, useForm as useHookForm } from 'react-hook-form';

type Inner = Record<string, string>;
type Values<K extends string> = Record<K, string>;
/** The sentence about what is wrong, nothing when all is well. */
type Check = (value: string) => string | undefined;
type Checks<K extends string> = Partial<Record<K, Check>>;

export interface Form<K extends string> {
  control: Control<Inner>;
  values: Values<K>;
  check: (name: K) => Check;
  isRequired: (name: K) => boolean;
  /** For onSubmit: acts with the values when nothing is wrong. */
  submit: (act: (values: Values<K>) => Promise<unknown>) => (event?: FormEvent) => void;
  busy: boolean;
  /** Empties a field for the next attempt and puts the focus there. */
  again: (name: K) => void;
}

export function useForm<K extends string>(initial: Values<K>, checks: Checks<K>): Form<K> {
  const { control, watch, handleSubmit, formState, setValue, setFocus } = useHookForm<Inner>({ defaultValues: initial });
  const running = useRef(false);
  const check = (name: K): Check => checks[name] ?? (() => undefined);
  return {
    control,
    values: watch() as Values<K>,
    check,
    // Who is asked for something says so when nothing comes.
    isRequired: (name) => check(name)('') !== undefined,
    submit: (act) => {
      const run = handleSubmit((values) => act(values as Values<K>));
      return (event) => {
        event?.preventDefault();
        if (running.current) return;
        running.current = true;
        void run().finally(() => (running.current = false));
      };
    },
    busy: formState.isSubmitting,
    again: (name) => {
      const field: string = name;
      setValue(field, '');
      setFocus(field);
    },
  };
}

/** A check: something must be there. */
export const needs = (sentence: string): Check => (value) => (value.trim() ? undefined : sentence);
