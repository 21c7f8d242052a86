import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { applyTheme, themeChoice } from '@upcall/shared/theme';
import { App } from './app/App';
import { keepFocus } from './app/keep-focus';
import { PageLocale } from './i18n/PageLocale';
import { loadTexts } from './i18n/texts';
import { beginCodeFlow, finishCodeFlow } from './session/code-flow';
import './styles/index.css';

applyTheme(themeChoice());
await loadTexts();

// The original's address of identity providers' start pages.
if (location.search === '?federate') location.replace(await beginCodeFlow('/', 'federation'));
const next = await finishCodeFlow(location.search);
if (next !== undefined) history.replaceState(null, '', location.origin + next);

keepFocus();
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <PageLocale>
      <BrowserRouter>
        <App />
      </BrowserRouter>
    </PageLocale>
  </StrictMode>,
);
