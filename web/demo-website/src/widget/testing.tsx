// For tests: components within a language, without loading one.
import { translator } from '@upcall/shared/i18n/texts';
import type { ComponentChildren, JSX } from 'preact';
import en from '../locales/en.json';
import { LanguageContext, type Language, type TextKey } from './i18n';

const english: Language = { t: translator<TextKey>(en, 'en'), tag: 'en' };

export function inEnglish(children: ComponentChildren): JSX.Element {
  return <LanguageContext.Provider value={english}>{children}</LanguageContext.Provider>;
}
