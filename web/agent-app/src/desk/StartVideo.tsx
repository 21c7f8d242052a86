import { Video } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { explain } from '@upcall/shared/api/errors';
import { ApiError } from '@upcall/shared/api/http';
import { otherRunningCall } from '../calls/other-call';
import { leaveCall, openCall } from '../calls/store';
import { ATTRIBUTE, attribute, type Contact } from '../centre/types';
import { useSession } from '../session/use-session';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { Notice } from '../ui/Notice';

interface Form {
  meetingId: string;
  name: string;
}

const MEETING_ID = /^[A-Za-z0-9_-]{2,64}$/;

function failureKey(error: unknown): string {
  if (error instanceof ApiError && error.code === 'contact_of_another_agent') return 'startVideo.notYours';
  if (error instanceof ApiError && error.code === 'not_owner') return 'startVideo.notYours';
  return `errors.${explain(error).text}`;
}

/** With a contact: its own meeting, the customer is invited. Without: a meeting by any id. */
export function StartVideo({ contact }: { contact?: Contact | undefined }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { user } = useSession();
  const own = attribute(contact, ATTRIBUTE.meetingId);
  const [failure, setFailure] = useState<string>();
  const [other, setOther] = useState<string>();
  const { control, handleSubmit, formState, watch } = useForm<Form>({
    defaultValues: { meetingId: own, name: user?.name || user?.username || '' },
  });
  const isOther = Boolean(contact) && watch('meetingId').trim() !== own;

  const open = async ({ meetingId, name }: Form) => {
    setFailure(undefined);
    const id = meetingId.trim();
    try {
      await openCall({ meetingId: id, ownName: name.trim(), contact: id === own ? contact : undefined });
      await navigate(`/devices?meeting=${encodeURIComponent(id)}`);
    } catch (error) {
      setFailure(failureKey(error));
    }
  };

  const submit = handleSubmit(async (form) => {
    const running = otherRunningCall(form.meetingId.trim());
    if (running) setOther(running.meetingId);
    else await open(form);
  });

  const leaveAndOpen = handleSubmit(async (form) => {
    if (other) await leaveCall(other);
    setOther(undefined);
    await open(form);
  });

  return (
    <form className="form" onSubmit={submit} noValidate>
      <Field
        control={control}
        name="meetingId"
        label={t('startVideo.meetingId')}
        autoComplete="off"
        hint={isOther ? t('startVideo.otherMeeting') : undefined}
        rules={{
          required: t('startVideo.meetingIdMissing'),
          validate: (value) => MEETING_ID.test(value.trim()) || t('startVideo.meetingIdInvalid'),
        }}
      />
      <Field control={control} name="name" label={t('startVideo.name')} rules={{ required: t('startVideo.nameMissing') }} />
      {failure && <Notice kind="error">{t(failure)}</Notice>}
      <Button kind="primary" type="submit" wide icon={Video} busy={formState.isSubmitting}>
        {t('startVideo.start')}
      </Button>
      {contact && !isOther && <p className="form__note">{t('startVideo.invites')}</p>}
      <Dialog
        title={t('startVideo.leaveOtherTitle')}
        isOpen={other !== undefined}
        onClose={() => setOther(undefined)}
        isQuestion
        actions={
          <>
            <Button onPress={() => setOther(undefined)}>{t('common.cancel')}</Button>
            <Button kind="primary" onPress={() => void leaveAndOpen()}>
              {t('startVideo.leaveOther')}
            </Button>
          </>
        }
      >
        <p>{t('startVideo.leaveOtherText')}</p>
      </Dialog>
    </form>
  );
}
