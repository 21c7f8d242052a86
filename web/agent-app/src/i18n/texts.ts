// The agent app's texts in the chosen language. A catalogue is loaded when its language is wanted.
import { create } from 'zustand';
import { keepLanguage, type Language, preferredLanguage, type TextKey as KeyOf, type Translate, translator } from '@upcall/shared/i18n/texts';
import type en from './en.json';

export type TextKey = KeyOf<typeof en>;
export type { Language } from '@upcall/shared/i18n/texts';

interface Texts {
  language: Language;
  t: Translate<TextKey>;
}

const LOADERS = {
  en: () => import('./en.json'),
  de: () => import('./de.json'),
};

export const useTexts = create<Texts>()(() => ({ language: 'en', t: (key) => key }));

async function load(language: Language): Promise<void> {
  const { default: catalogue } = await LOADERS[language]();
  useTexts.setState({ language, t: translator<TextKey>(catalogue, language) });
  document.documentElement.lang = language;
}

export const loadTexts = (): Promise<void> => load(preferredLanguage());

export async function changeLanguage(language: Language): Promise<void> {
  await load(language);
  keepLanguage(language);
}

/** For places that are no components. */
export const text: Translate<TextKey> = (key, values) => useTexts.getState().t(key, values);
