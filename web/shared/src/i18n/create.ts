// One i18next instance a page. Catalogues are JSON files of one language; plurals follow Intl (key_one, key_other).
import i18next, { type i18n, type ResourceLanguage } from 'i18next';
import { readStored, writeStored } from '../storage';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language by its own name, as people look for it. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', de: 'Deutsch' };

const KEY = 'upcall.language';

function known(tag: string | null | undefined): Language | undefined {
  const base = tag?.toLowerCase().split('-')[0];
  return LANGUAGES.find((language) => language === base);
}

export function preferredLanguage(): Language {
  const wished = [readStored(KEY), ...(navigator.languages ?? [navigator.language])];
  for (const tag of wished) {
    const language = known(tag);
    if (language) return language;
  }
  return 'en';
}

export type Loaders = Record<Language, () => Promise<ResourceLanguage>>;

/** Loads the preferred language's catalogue; the other only when somebody changes to it. Fallback is English. */
export async function createI18n(loaders: Loaders, plugins: Parameters<i18n['use']>[0][] = []): Promise<i18n> {
  const instance = i18next.createInstance();
  for (const plugin of plugins) instance.use(plugin);
  const language = preferredLanguage();
  await instance.init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: await loaders[language]() },
    defaultNS: 'app',
    interpolation: { escapeValue: false }, // texts become text nodes, never markup
    returnNull: false,
  });
  return instance;
}

export async function changeLanguage(instance: i18n, loaders: Loaders, language: Language): Promise<void> {
  const resources = await loaders[language]();
  for (const [namespace, bundle] of Object.entries(resources)) instance.addResourceBundle(language, namespace, bundle, true, true);
  await instance.changeLanguage(language);
  writeStored(KEY, language);
}
