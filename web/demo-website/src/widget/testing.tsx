// For tests: components within a language, without loading one.
import { createInstance } from 'i18next';
import type { ComponentChildren, JSX } from 'preact';
import de from '../locales/de.json';
import en from '../locales/en.json';
import { LanguageContext, type Language } from './i18n';

const instance = createInstance();
void instance.init({
  lng: 'en', fallbackLng: false, defaultNS: 'app', initAsync: false,
  resources: { en: { app: en }, de: { app: de } },
  interpolation: { escapeValue: false },
});

const english: Language = { t: (key, values) => instance.t(key, values ?? {}), tag: 'en' };

export function inEnglish(children: ComponentChildren): JSX.Element {
  return <LanguageContext.Provider value={english}>{children}</LanguageContext.Provider>;
}
