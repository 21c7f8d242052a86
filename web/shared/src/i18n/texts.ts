// The pages' texts by key, by i18next. Catalogues are JSON files of one language: {{name}} stands for a value, and a key with a count
// has a form for each of the language's plurals (key_one, key_other), as Intl names them.
import i18next from 'i18next';
import { readStored, writeStored } from '../storage';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language by its own name, as people look for it. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', de: 'Deutsch' };

export interface Catalogue {
  [key: string]: string | Catalogue;
}

type Stem<K> = K extends `${infer S}_one` | `${infer S}_other` ? S : K;

/** Every key of a catalogue, with dots between its parts; plural forms go by their stem. */
export type TextKey<T, P extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${P}${Stem<K>}` : TextKey<T[K], `${P}${K}.`>;
}[keyof T & string];

export type Values = Record<string, string | number>;
export type Translate<K extends string = string> = (key: K, values?: Values) => string;

const KEY = 'upcall.language';

export function preferredLanguage(): Language {
  const wished = [readStored(KEY), ...(navigator.languages ?? [navigator.language])];
  for (const tag of wished) {
    const base = tag?.toLowerCase().split('-')[0];
    const language = LANGUAGES.find((known) => known === base);
    if (language) return language;
  }
  return 'en';
}

export function keepLanguage(language: Language): void {
  writeStored(KEY, language);
}

/** Letters of scripts from right to left, and signs that change a text's direction. */
const TURNS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u202a-\u202e\u2066-\u2069]/;
const [ISOLATE, POP] = ['\u2068', '\u2069'];

/** A name from right to left does not turn the sentence around it. */
function isolated(value: string | number): string {
  const text = String(value);
  return TURNS.test(text) ? ISOLATE + text + POP : text;
}

/** A key that is not there is its own text: seen at once, and a page with one text missing still works. */
export function translator<K extends string>(catalogue: Catalogue, language: Language): Translate<K> {
  const instance = i18next.createInstance();
  void instance.init({
    lng: language,
    resources: { [language]: { texts: catalogue } },
    defaultNS: 'texts',
    fallbackLng: false,
    nsSeparator: false,
    initAsync: false,
    returnedObjectHandler: (key: string) => key,
    missingInterpolationHandler: (_text: string, match: RegExpExecArray) => match[0],
    // Texts become text nodes, never markup: nothing to escape, but directions.
    interpolation: { escape: isolated, useRawValueToEscape: true },
  });
  // The library's own types want to know a catalogue when they are compiled; ours are checked by TextKey.
  const find = instance.t as (key: string, values: Values) => string;
  return (key, values = {}) => find(key, values);
}
