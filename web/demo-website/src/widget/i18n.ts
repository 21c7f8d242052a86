// Texts by key, in the visitor's language; which one is shared with the page around when that is ours.
import { type Language as Tag, preferredLanguage, type TextKey as KeyOf, type Translate as TranslateOf, translator } from '@upcall/shared/i18n/texts';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type en from '../locales/en.json';

export type TextKey = KeyOf<typeof en>;
export type Translate = TranslateOf<TextKey>;

export interface Language {
  t: Translate;
  tag: Tag;
}

const LOADERS = {
  en: () => import('../locales/en.json'),
  de: () => import('../locales/de.json'),
};

export async function loadLanguage(): Promise<Language> {
  const tag = preferredLanguage();
  return { t: translator<TextKey>((await LOADERS[tag]()).default, tag), tag };
}

export const LanguageContext = createContext<Language>({ t: (key) => key, tag: 'en' });

export function useT(): Translate {
  return useContext(LanguageContext).t;
}

export function useLanguageTag(): string {
  return useContext(LanguageContext).tag;
}
