import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nextProvider, initReactI18next } from 'react-i18next';
import { BrowserRouter } from 'react-router';
import { createI18n } from '@upcall/shared/i18n/create';
import { applyTheme, themeChoice } from '@upcall/shared/theme';
import { App } from './app/App';
import { keepFocus } from './app/keep-focus';
import { PageLocale } from './i18n/PageLocale';
import { loaders } from './i18n/loaders';
import './styles/index.css';

applyTheme(themeChoice());
const i18n = await createI18n(loaders, [initReactI18next]);
const setPageLanguage = () => {
  document.documentElement.lang = i18n.language;
};
setPageLanguage();
i18n.on('languageChanged', setPageLanguage);

keepFocus();
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <I18nextProvider i18n={i18n}>
      <PageLocale>
        <BrowserRouter>
          <App />
        </BrowserRouter>
      </PageLocale>
    </I18nextProvider>
  </StrictMode>,
);
