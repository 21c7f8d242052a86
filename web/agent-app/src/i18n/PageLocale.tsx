import type { ReactNode } from 'react';
import { I18nProvider } from 'react-aria-components/I18nProvider';
import { useTranslation } from 'react-i18next';
import type { Language } from '@upcall/shared/i18n/create';

const LOCALES: Record<Language, string> = { en: 'en-US', de: 'de-DE' };

/** The component library's own few words in the page's language; the build leaves its other languages out. */
export function PageLocale({ children }: { children: ReactNode }) {
  const { i18n } = useTranslation();
  return <I18nProvider locale={LOCALES[i18n.language as Language]}>{children}</I18nProvider>;
}
