// A small form: values, checks when it is sent and from then on, the focus where something is wrong.
import { type FormEvent, useRef, useState } from 'react';

type Values<K extends string> = Record<K, string>;
/** The sentence about what is wrong, nothing when all is well. */
type Checks<K extends string> = Partial<Record<K, (value: string) => string | undefined>>;

export interface Form<K extends string> {
  values: Values<K>;
  /** What is wrong with a field, once the form was tried. */
  errorOf: (name: K) => string | undefined;
  isRequired: (name: K) => boolean;
  change: (name: K, value: string) => void;
  input: (name: K) => (element: HTMLInputElement | null) => void;
  /** For onSubmit: acts with the values when nothing is wrong, one attempt at a time. */
  submit: (act: (values: Values<K>) => Promise<unknown>) => (event?: FormEvent) => void;
  busy: boolean;
  /** Empties a field for the next attempt and puts the focus there. */
  again: (name: K) => void;
}

export function useForm<K extends string>(initial: Values<K>, checks: Checks<K>): Form<K> {
  const [values, setValues] = useState(initial);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const running = useRef(false);
  const inputs = useRef(new Map<K, HTMLInputElement>());
  const wrong = (name: K) => checks[name]?.(values[name]);
  const change = (name: K, value: string) => setValues((all) => ({ ...all, [name]: value }));

  const run = async (act: (values: Values<K>) => Promise<unknown>) => {
    if (running.current) return;
    setTried(true);
    const bad = (Object.keys(initial) as K[]).find(wrong);
    if (bad) return inputs.current.get(bad)?.focus();
    running.current = true;
    setBusy(true);
    try {
      await act(values);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };

  return {
    values,
    errorOf: (name) => (tried ? wrong(name) : undefined),
    // Who is asked for something says so when nothing comes.
    isRequired: (name) => checks[name]?.('') !== undefined,
    change,
    input: (name) => (element) => {
      if (element) inputs.current.set(name, element);
      else inputs.current.delete(name);
    },
    submit: (act) => (event) => {
      event?.preventDefault();
      void run(act);
    },
    busy,
    again: (name) => {
      setTried(false);
      change(name, '');
      inputs.current.get(name)?.focus();
    },
  };
}

/** A check: something must be there. */
export const needs = (sentence: string) => (value: string) => (value.trim() ? undefined : sentence);
