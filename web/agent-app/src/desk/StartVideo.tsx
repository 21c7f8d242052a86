import { Video } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useNavigate } from 'react-router';
import { explain } from '@upcall/shared/api/errors';
import { ApiError } from '@upcall/shared/api/http';
import { LeaveOtherDialog } from '../calls/LeaveOtherDialog';
import { otherRunningCall } from '../calls/other-call';
import { openCall } from '../calls/store';
import { ATTRIBUTE, attribute, type Contact } from '../centre/types';
import { type TextKey, useTexts } from '../i18n/texts';
import { useSession } from '../session/use-session';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Notice } from '../ui/Notice';
import { needs, useForm } from '../ui/use-form';

const MEETING_ID = /^[A-Za-z0-9_-]{2,64}$/;

function failureKey(error: unknown): TextKey {
  if (error instanceof ApiError && error.code === 'contact_of_another_agent') return 'startVideo.notYours';
  if (error instanceof ApiError && error.code === 'not_owner') return 'startVideo.notYours';
  return `errors.${explain(error).text}`;
}

/** With a contact: its own meeting, the customer is invited. Without: a meeting by any id. */
export function StartVideo({ contact }: { contact?: Contact | undefined }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const { user } = useSession();
  const own = attribute(contact, ATTRIBUTE.meetingId);
  const [failure, setFailure] = useState<TextKey>();
  const [other, setOther] = useState<string>();
  const form = useForm(
    { meetingId: own, name: user?.name || user?.username || '' },
    {
      meetingId: (value) =>
        needs(t('startVideo.meetingIdMissing'))(value) ?? (MEETING_ID.test(value.trim()) ? undefined : t('startVideo.meetingIdInvalid')),
      name: needs(t('startVideo.nameMissing')),
    },
  );
  const isOther = Boolean(contact) && form.values.meetingId.trim() !== own;

  const open = async ({ meetingId, name }: typeof form.values) => {
    setFailure(undefined);
    const id = meetingId.trim();
    try {
      await openCall({ meetingId: id, ownName: name.trim(), contact: id === own ? contact : undefined });
      await navigate(`/devices?meeting=${encodeURIComponent(id)}`);
    } catch (error) {
      setFailure(failureKey(error));
    }
  };

  const submit = form.submit(async (given) => {
    const running = otherRunningCall(given.meetingId.trim());
    if (running) setOther(running.meetingId);
    else await open(given);
  });

  const stay = useCallback(() => setOther(undefined), []);

  return (
    <form className="form" onSubmit={submit} noValidate>
      <Field
        form={form}
        name="meetingId"
        label={t('startVideo.meetingId')}
        autoComplete="off"
        hint={isOther ? t('startVideo.otherMeeting') : undefined}
      />
      <Field form={form} name="name" label={t('startVideo.name')} />
      {failure && <Notice kind="error">{t(failure)}</Notice>}
      <Button kind="primary" type="submit" wide icon={Video} busy={form.busy}>
        {t('startVideo.start')}
      </Button>
      {contact && !isOther && <p className="form__note">{t('startVideo.invites')}</p>}
      <LeaveOtherDialog
        meetingId={other}
        onCancel={stay}
        onLeft={() => {
          stay();
          form.submit(open)();
        }}
      />
    </form>
  );
}
