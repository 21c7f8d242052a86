// The page around the widget: its language and theme, and a button of its own that opens the chat.
import { keepLanguage, LANGUAGES, type Language, preferredLanguage, translator } from '@upcall/shared/i18n/texts';
import { applyTheme, chooseTheme, themeChoice, type ThemeChoice } from '@upcall/shared/theme';

applyTheme(themeChoice());

const LOADERS = {
  en: () => import('./locales/en.json'),
  de: () => import('./locales/de.json'),
};

async function translate(tag: Language): Promise<void> {
  const t = translator((await LOADERS[tag]()).default, tag);
  document.documentElement.lang = tag;
  document.title = t('title');
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]')) element.textContent = t(element.dataset['t']!);
}

const language = document.querySelector<HTMLSelectElement>('#language')!;
const theme = document.querySelector<HTMLSelectElement>('#theme')!;
language.value = preferredLanguage();
theme.value = themeChoice();
// The page is written in English.
if (language.value !== 'en') void translate(preferredLanguage());

language.addEventListener('change', async () => {
  const wanted = LANGUAGES.find((tag) => tag === language.value) ?? 'en';
  await translate(wanted);
  keepLanguage(wanted);
  window.dispatchEvent(new Event('upcall:language'));
});
theme.addEventListener('change', () => chooseTheme(theme.value as ThemeChoice));
document.querySelector('#talk')!.addEventListener('click', () => window.dispatchEvent(new Event('upcall:open')));
