import { Clapperboard } from 'lucide-react';
import { useNavigate } from 'react-router';
import { useTexts } from '../i18n/texts';
import { session } from '../session/session';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Screen } from '../ui/Screen';
import { needs, useForm } from '../ui/use-form';

/** For people who watch recordings and take no contacts. */
export function NoDesk() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const form = useForm({ meetingId: '' }, { meetingId: needs(t('noDesk.missing')) });
  const open = form.submit(async ({ meetingId }) => navigate(`/recording/${encodeURIComponent(meetingId.trim())}`));
  return (
    <Screen icon={Clapperboard} title={t('noDesk.title')} text={t('noDesk.text')}>
      <form className="form" onSubmit={open} noValidate>
        <Field form={form} name="meetingId" label={t('noDesk.meetingId')} />
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
