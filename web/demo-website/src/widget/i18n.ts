// Texts by key, in the visitor's language; which one is shared with the page around when that is ours.
import { createI18n, preferredLanguage, type Loaders } from '@upcall/shared/i18n/create';
import type { i18n } from 'i18next';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type en from '../locales/en.json';

type Stem<K> = K extends `${infer S}_one` | `${infer S}_other` ? S : K;
type Keys<T, P extends string = ''> = { [K in keyof T & string]: T[K] extends string ? `${P}${Stem<K>}` : Keys<T[K], `${P}${K}.`> }[keyof T & string];

export type TextKey = Keys<typeof en>;
export type Translate = (key: TextKey, values?: Record<string, string | number>) => string;

export interface Language {
  t: Translate;
  tag: string;
}

const loaders: Loaders = {
  en: async () => ({ app: (await import('../locales/en.json')).default }),
  de: async () => ({ app: (await import('../locales/de.json')).default }),
};

export async function loadLanguage(): Promise<Language> {
  const instance: i18n = await createI18n(loaders);
  return { t: (key, values) => instance.t(key, values ?? {}), tag: preferredLanguage() };
}

export const LanguageContext = createContext<Language>({ t: (key) => key, tag: 'en' });

export function useT(): Translate {
  return useContext(LanguageContext).t;
}

export function useLanguageTag(): string {
  return useContext(LanguageContext).tag;
}
