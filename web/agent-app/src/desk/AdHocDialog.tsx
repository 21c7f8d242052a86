import { Check, Copy, Mail } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { explain } from '@upcall/shared/api/errors';
import { ApiError } from '@upcall/shared/api/http';
import { type AdHocRoute, routingApi } from '../api/routing';
import { type TextKey, useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { Notice } from '../ui/Notice';
import { showToast } from '../ui/toasts';
import { needs, useForm } from '../ui/use-form';
import { timeOf } from './time';

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/u;

/** Eight digits in twos of four, as people read numbers aloud. */
export function grouped(digits: string): string {
  return digits.replace(/(.{4})(?=.)/g, '$1 ');
}

function Created({ route }: { route: AdHocRoute }) {
  const { t, language } = useTexts();
  const [copied, setCopied] = useState(false);
  const link = useRef<HTMLOutputElement>(null);
  const label = useId();
  const mail = `mailto:${encodeURIComponent(route.attendeeEmail)}?subject=${encodeURIComponent(t('adHoc.mailSubject'))}&body=${encodeURIComponent(t('adHoc.mailBody', { link: route.link }))}`;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(route.link);
      setCopied(true);
    } catch {
      // Browsers keep the clipboard from pages without https: the link is marked, to be copied by hand.
      if (link.current) getSelection()?.selectAllChildren(link.current);
      showToast('warning', t('adHoc.copyByHand'));
    }
  };
  return (
    <div className="ad-hoc">
      <p className="soft" id={label}>{t('adHoc.readAloud')}</p>
      {/* Digit by digit for screen readers: a reference is not a quantity. */}
      <p className="ad-hoc__number" role="group" aria-labelledby={label}>
        <span aria-hidden>{grouped(route.routeId)}</span>
        <span className="visually-hidden">{[...route.routeId].join(' ')}</span>
      </p>
      <p className="soft">{t('adHoc.validUntil', { time: timeOf(route.expiresAt, language), email: route.attendeeEmail })}</p>
      <div className="ad-hoc__ways">
        <a className="button button--primary" href={mail}>
          <Mail size={18} aria-hidden />
          <span>{t('adHoc.mail')}</span>
        </a>
        <Button icon={copied ? Check : Copy} onPress={() => void copy()}>
          {copied ? t('adHoc.copied') : t('adHoc.copy')}
        </Button>
      </div>
      <output ref={link} className="ad-hoc__link">{route.link}</output>
    </div>
  );
}

function CreateForm({ onCreated }: { onCreated: (route: AdHocRoute) => void }) {
  const { t } = useTexts();
  const [failure, setFailure] = useState<TextKey>();
  const form = useForm(
    { email: '' },
    { email: (value) => needs(t('adHoc.missing'))(value) ?? (EMAIL.test(value.trim()) ? undefined : t('adHoc.invalid')) },
  );
  const submit = form.submit(async ({ email }) => {
    setFailure(undefined);
    try {
      onCreated(await routingApi.createAdHoc(email.trim()));
    } catch (error) {
      const invalid = error instanceof ApiError && error.code === 'invalid_email';
      setFailure(invalid ? 'adHoc.invalid' : `errors.${explain(error).text}`);
    }
  });
  return (
    <form className="form" onSubmit={submit} noValidate>
      <p className="soft">{t('adHoc.text')}</p>
      <Field form={form} name="email" type="email" label={t('adHoc.email')} autoComplete="off" autoFocus />
      {failure && <Notice kind="error">{t(failure)}</Notice>}
      <Button kind="primary" type="submit" wide busy={form.busy}>
        {t('adHoc.create')}
      </Button>
    </form>
  );
}

export function AdHocDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTexts();
  const [route, setRoute] = useState<AdHocRoute>();
  const close = () => {
    setRoute(undefined);
    onClose();
  };
  return (
    <Dialog
      title={t('adHoc.title')}
      isOpen={isOpen}
      onClose={close}
      actions={route && <Button onPress={() => setRoute(undefined)}>{t('adHoc.another')}</Button>}
    >
      {route ? <Created route={route} /> : <CreateForm onCreated={setRoute} />}
    </Dialog>
  );
}
