import { RotateCcw, UserRoundX } from 'lucide-react';
import { useNavigate } from 'react-router';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Screen } from '../ui/Screen';
import { needs, useForm } from '../ui/use-form';
import { Header } from './Header';
import { SignOut } from './SignOut';

/** For people who take no contacts: whom to ask when they should, and the way to what they may watch. */
export function NoDesk() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const form = useForm({ meetingId: '' }, { meetingId: needs(t('noDesk.missing')) });
  const open = form.submit(async ({ meetingId }) => navigate(`/recording/${encodeURIComponent(meetingId.trim())}`));
  return (
    <div className="shell">
      <Header after={<SignOut />} />
      <Screen icon={UserRoundX} title={t('noDesk.title')} text={t('noDesk.text')}>
        <Button icon={RotateCcw} onPress={() => location.reload()}>
          {t('noDesk.again')}
        </Button>
        <section className="card no-desk__part">
          <h2>{t('noDesk.recording')}</h2>
          <form className="form" onSubmit={open} noValidate>
            <Field form={form} name="meetingId" label={t('noDesk.meetingId')} />
            <Button kind="primary" type="submit" wide>
              {t('noDesk.open')}
            </Button>
          </form>
        </section>
      </Screen>
    </div>
  );
}
