import type { ReactNode } from 'react';
import { I18nProvider } from 'react-aria-components/I18nProvider';
import { type Language, useTexts } from './texts';

const LOCALES: Record<Language, string> = { en: 'en-US', de: 'de-DE' };

/** The component library's own few words in the page's language; the build leaves its other languages out. */
export function PageLocale({ children }: { children: ReactNode }) {
  const { language } = useTexts();
  return <I18nProvider locale={LOCALES[language]}>{children}</I18nProvider>;
}
