import { useState } from 'react';
import { explain } from '@upcall/shared/api/errors';
import { ApiError } from '@upcall/shared/api/http';
import { LanguageMenu, ThemeMenu } from '../app/Preferences';
import { type TextKey, useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Logo } from '../ui/Logo';
import { Notice } from '../ui/Notice';
import { usePage } from '../ui/page';
import { needs, useForm } from '../ui/use-form';
import { session, type SessionStatus } from './session';

const CODES: Record<string, TextKey> = {
  invalid_credentials: 'login.wrong',
  invalid_grant: 'login.wrong',
  user_disabled: 'login.switchedOff',
  too_many_attempts: 'login.tooMany',
  slow_down: 'login.tooMany',
};

function failureKey(error: unknown): TextKey {
  const known = error instanceof ApiError ? CODES[error.code] : undefined;
  return known ?? `errors.${explain(error).text}`;
}

interface LoginPageProps {
  why: Exclude<SessionStatus, 'in'>;
  username?: string | undefined;
  /** A call goes on behind this page. */
  inCall?: boolean;
}

export function LoginPage({ why, username = '', inCall = false }: LoginPageProps) {
  const { t } = useTexts();
  const main = usePage(t('login.submit'));
  const [failure, setFailure] = useState<TextKey>();
  const form = useForm(
    { username, password: '' },
    { username: needs(t('login.usernameMissing')), password: (value) => (value ? undefined : t('login.passwordMissing')) },
  );

  const logIn = form.submit(async (given) => {
    setFailure(undefined);
    try {
      await session.logIn(given.username.trim(), given.password);
    } catch (error) {
      setFailure(failureKey(error));
      form.again('password');
    }
  });

  return (
    <div className="login">
      <main className="login__card" ref={main} tabIndex={-1}>
        <Logo large />
        <h1>{t(`login.${why}.title`)}</h1>
        <p className="soft">{t(why === 'expired' && inCall ? 'login.expired.inCall' : `login.${why}.text`)}</p>
        <form onSubmit={logIn} noValidate className="form">
          <Field
            form={form}
            name="username"
            label={t('login.username')}
            autoComplete="username"
            autoFocus={!username}
          />
          <Field
            form={form}
            name="password"
            label={t('login.password')}
            type="password"
            autoComplete="current-password"
            autoFocus={Boolean(username)}
          />
          {failure && <Notice kind="error">{t(failure)}</Notice>}
          <Button kind="primary" type="submit" wide busy={form.busy}>
            {t('login.submit')}
          </Button>
          <p className="form__note">{t('login.forgotten')}</p>
        </form>
      </main>
      <footer className="login__foot">
        <ThemeMenu />
        <LanguageMenu />
      </footer>
    </div>
  );
}
