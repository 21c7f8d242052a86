import { Clapperboard } from 'lucide-react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { session } from '../session/session';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Screen } from '../ui/Screen';

/** For people who watch recordings and take no contacts. */
export function NoDesk() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { control, handleSubmit } = useForm({ defaultValues: { meetingId: '' } });
  const open = handleSubmit(({ meetingId }) => navigate(`/recording/${encodeURIComponent(meetingId.trim())}`));
  return (
    <Screen icon={Clapperboard} title={t('noDesk.title')} text={t('noDesk.text')}>
      <form className="form" onSubmit={open} noValidate>
        <Field control={control} name="meetingId" label={t('noDesk.meetingId')} rules={{ required: t('noDesk.missing') }} />
        <Button kind="primary" type="submit" wide>
          {t('noDesk.open')}
        </Button>
        <Button kind="quiet" wide onPress={() => session.logOut()}>
          {t('shell.signOut')}
        </Button>
      </form>
    </Screen>
  );
}
