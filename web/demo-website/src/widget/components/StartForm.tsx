// Name and e-mail; a reference for those who have one.
import { ChevronRight } from 'lucide';
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { WidgetController } from '../controller';
import { useT } from '../i18n';
import { useStore } from '../store';
import { emailError, nameError, type FieldError } from '../validate';
import { Field } from './Field';
import { Icon } from './Icon';

export function StartForm({ controller }: { controller: WidgetController }): JSX.Element {
  const t = useT();
  const { prefill, starting, failure } = useStore(controller.store);
  const [name, setName] = useState('');
  const [email, setEmail] = useState(prefill?.email ?? '');
  const [reference, setReference] = useState(prefill?.reference ?? '');
  const [withReference, setWithReference] = useState(Boolean(prefill?.reference));
  const [errors, setErrors] = useState<{ name: FieldError | null; email: FieldError | null }>({ name: null, email: null });
  const form = useRef<HTMLFormElement>(null);

  const submit = (event: Event) => {
    event.preventDefault();
    const found = { name: nameError(name), email: emailError(email) };
    setErrors(found);
    const bad = found.name ? 'name' : found.email ? 'email' : null;
    if (bad) return form.current?.querySelector<HTMLElement>(`[name=${bad}]`)?.focus();
    void controller.start({ name: name.trim(), email: email.trim(), reference: reference.trim() });
  };

  return (
    <form ref={form} class="form" noValidate onSubmit={submit}>
      <div>
        <h3 class="form__heading">{t('form.heading')}</h3>
        <p class="form__lead">{t('form.lead')}</p>
      </div>
      <Field label={t('form.name')} name="name" value={name} onValue={setName} autoComplete="name" error={errors.name && t(`form.error.${errors.name}`)} autoFocus />
      <Field label={t('form.email')} name="email" type="email" value={email} onValue={setEmail} autoComplete="email" error={errors.email && t(`form.error.${errors.email}`)} />
      <button type="button" class="disclosure" aria-expanded={withReference} aria-controls="upcall-reference" onClick={() => setWithReference(!withReference)}>
        <Icon node={ChevronRight} size={18} />
        {t('form.referenceToggle')}
      </button>
      <div id="upcall-reference" hidden={!withReference}>
        <Field label={t('form.reference')} name="reference" value={reference} onValue={setReference} autoComplete="off" inputMode="numeric" maxLength={64} hint={t('form.referenceHint')} />
      </div>
      <p class="form__failure" role="alert">
        {failure && t(`failure.${failure}`)}
      </p>
      <button type="submit" class="button button--primary button--wide" aria-disabled={starting}>
        {starting ? t('form.starting') : t('form.submit')}
      </button>
      <p class="form__small">{t('form.privacy')}</p>
    </form>
  );
}
