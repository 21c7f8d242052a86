import type { Loaders } from '@upcall/shared/i18n/create';

export const loaders: Loaders = {
  en: async () => ({ app: (await import('./en.json')).default }),
  de: async () => ({ app: (await import('./de.json')).default }),
};
