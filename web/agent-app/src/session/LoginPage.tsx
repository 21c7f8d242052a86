import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { explain } from '@upcall/shared/api/errors';
import { ApiError } from '@upcall/shared/api/http';
import { LanguageMenu, ThemeMenu } from '../app/Preferences';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Logo } from '../ui/Logo';
import { Notice } from '../ui/Notice';
import { session } from './session';

interface Form {
  username: string;
  password: string;
}

const CODES: Record<string, string> = {
  invalid_credentials: 'login.wrong',
  invalid_grant: 'login.wrong',
  user_disabled: 'login.disabled',
  too_many_attempts: 'login.tooMany',
  slow_down: 'login.tooMany',
};

function failureKey(error: unknown): string {
  const known = error instanceof ApiError ? CODES[error.code] : undefined;
  return known ?? `errors.${explain(error).text}`;
}

export function LoginPage({ expired, username = '' }: { expired: boolean; username?: string | undefined }) {
  const { t } = useTranslation();
  const [failure, setFailure] = useState<string>();
  const { control, handleSubmit, formState, setFocus, resetField } = useForm<Form>({
    defaultValues: { username, password: '' },
  });

  const logIn = handleSubmit(async (form) => {
    setFailure(undefined);
    try {
      await session.logIn(form.username.trim(), form.password);
    } catch (error) {
      setFailure(failureKey(error));
      resetField('password');
      setFocus('password');
    }
  });

  return (
    <div className="login">
      <main className="login__card">
        <Logo large />
        <h1>{expired ? t('login.expiredTitle') : t('login.title')}</h1>
        <p className="soft">{expired ? t('login.expiredText') : t('login.text')}</p>
        <form onSubmit={logIn} noValidate className="form">
          <Field
            control={control}
            name="username"
            label={t('login.username')}
            autoComplete="username"
            autoFocus={!username}
            rules={{ required: t('login.usernameMissing') }}
          />
          <Field
            control={control}
            name="password"
            label={t('login.password')}
            type="password"
            autoComplete="current-password"
            autoFocus={Boolean(username)}
            rules={{ required: t('login.passwordMissing') }}
          />
          {failure && <Notice kind="error">{t(failure)}</Notice>}
          <Button kind="primary" type="submit" wide busy={formState.isSubmitting}>
            {t('login.submit')}
          </Button>
        </form>
      </main>
      <footer className="login__foot">
        <ThemeMenu />
        <LanguageMenu />
      </footer>
    </div>
  );
}
