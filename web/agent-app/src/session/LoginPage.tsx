import { LanguageMenu, ThemeMenu } from '../app/Preferences';
import { useTexts } from '../i18n/texts';
import { Logo } from '../ui/Logo';
import { usePage } from '../ui/page';
import { beginCodeFlow } from './code-flow';
import { LoginForm } from './LoginForm';
import type { SessionStatus } from './session';

interface LoginPageProps {
  why: Exclude<SessionStatus, 'in'>;
  username?: string | undefined;
}

export function LoginPage({ why, username = '' }: LoginPageProps) {
  const { t } = useTexts();
  const main = usePage(t('login.submit'));
  return (
    <div className="login">
      <main className="login__card" ref={main} tabIndex={-1}>
        <Logo large />
        <h1>{t(`login.${why}.title`)}</h1>
        <p className="soft">{t(`login.${why}.text`)}</p>
        <LoginForm username={username} />
        <p className="form__note">
          <a
            href="/login"
            onClick={(event) => {
              event.preventDefault();
              void beginCodeFlow(`${location.pathname}${location.search}`).then((address) => location.assign(address));
            }}
          >
            {t('login.otherWays')}
          </a>
        </p>
      </main>
      <footer className="login__foot">
        <ThemeMenu />
        <LanguageMenu />
      </footer>
    </div>
  );
}
