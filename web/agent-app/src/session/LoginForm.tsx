import { useState } from 'react';
import { explain } from '@upcall/shared/api/errors';
import { ApiError } from '@upcall/shared/api/http';
import { type TextKey, useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Notice } from '../ui/Notice';
import { needs, useForm } from '../ui/use-form';
import { session } from './session';

const CODES: Record<string, TextKey> = {
  invalid_credentials: 'login.wrong',
  invalid_grant: 'login.wrong',
  user_disabled: 'login.switchedOff',
  too_many_attempts: 'login.tooMany',
  slow_down: 'login.tooMany',
  second_factor_wrong: 'login.codeWrong',
  password_refused: 'login.passwordRefused',
  second_factor_enrolment_required: 'login.enrol',
};

/** What the server asks for besides the password; its answer brings the field. */
type Extra = 'code' | 'fresh';
const EXTRAS: Record<string, Extra> = { second_factor_required: 'code', password_change_required: 'fresh' };

function codeOf(error: unknown): string {
  return error instanceof ApiError ? error.code : '';
}

interface LoginFormProps {
  username?: string | undefined;
}

/** User name and password, and what the account needs besides: a code, a new password. */
export function LoginForm({ username = '' }: LoginFormProps) {
  const { t } = useTexts();
  const [failure, setFailure] = useState<TextKey>();
  const [asked, setAsked] = useState<readonly Extra[]>([]);
  const when = (extra: Extra, sentence: string) => (asked.includes(extra) ? { [extra]: needs(sentence) } : {});
  const form = useForm(
    { username, password: '', code: '', fresh: '' },
    {
      username: needs(t('login.usernameMissing')),
      password: (value) => (value ? undefined : t('login.passwordMissing')),
      ...when('code', t('login.codeMissing')),
      ...when('fresh', t('login.freshMissing')),
    },
  );

  const logIn = form.submit(async (given) => {
    setFailure(undefined);
    try {
      await session.logIn(given.username.trim(), given.password, {
        ...(asked.includes('code') ? { code: given.code.trim() } : {}),
        ...(asked.includes('fresh') ? { newPassword: given.fresh } : {}),
      });
    } catch (error) {
      const code = codeOf(error);
      const extra = EXTRAS[code];
      if (extra) {
        setAsked((before) => [...before, extra]);
        return;
      }
      setFailure(CODES[code] ?? `errors.${explain(error).text}`);
      form.again(code === 'second_factor_wrong' ? 'code' : code === 'password_refused' ? 'fresh' : 'password');
    }
  });

  return (
    <form onSubmit={logIn} noValidate className="form">
      <Field form={form} name="username" label={t('login.username')} autoComplete="username" autoFocus={!username} />
      <Field
        form={form}
        name="password"
        label={t('login.password')}
        type="password"
        autoComplete="current-password"
        autoFocus={Boolean(username)}
      />
      {asked.includes('code') && (
        <Field form={form} name="code" label={t('login.code')} hint={t('login.codeHint')} autoComplete="one-time-code" autoFocus />
      )}
      {asked.includes('fresh') && (
        <Field
          form={form}
          name="fresh"
          label={t('login.fresh')}
          hint={t('login.freshHint')}
          type="password"
          autoComplete="new-password"
          autoFocus
        />
      )}
      {failure && <Notice kind="error">{t(failure)}</Notice>}
      {failure === 'login.enrol' && (
        <p className="form__note">
          <a href="/login?return_to=/">{t('login.enrolLink')}</a>
        </p>
      )}
      <Button kind="primary" type="submit" wide busy={form.busy}>
        {t('login.submit')}
      </Button>
      <p className="form__note">
        <a href="/account/forgotten">{t('login.forgotten')}</a>
      </p>
    </form>
  );
}
