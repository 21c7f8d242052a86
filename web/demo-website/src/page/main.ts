// The page around the widget: its language and theme, and a button of its own that opens the chat.
import { changeLanguage, createI18n, LANGUAGES, type Language, type Loaders } from '@upcall/shared/i18n/create';
import { applyTheme, chooseTheme, themeChoice, type ThemeChoice } from '@upcall/shared/theme';

applyTheme(themeChoice());

const loaders: Loaders = {
  en: async () => ({ app: (await import('./locales/en.json')).default }),
  de: async () => ({ app: (await import('./locales/de.json')).default }),
};

const i18n = await createI18n(loaders);

function translate(): void {
  document.documentElement.lang = i18n.language;
  document.title = i18n.t('title');
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]')) element.textContent = i18n.t(element.dataset['t']!);
}

const language = document.querySelector<HTMLSelectElement>('#language')!;
const theme = document.querySelector<HTMLSelectElement>('#theme')!;
language.value = LANGUAGES.find((tag) => tag === i18n.language) ?? 'en';
theme.value = themeChoice();
if (i18n.language !== 'en') translate();

language.addEventListener('change', async () => {
  await changeLanguage(i18n, loaders, language.value as Language);
  translate();
  window.dispatchEvent(new Event('upcall:language'));
});
theme.addEventListener('change', () => chooseTheme(theme.value as ThemeChoice));
document.querySelector('#talk')!.addEventListener('click', () => window.dispatchEvent(new Event('upcall:open')));
