import { Compass } from 'lucide-react';
import { useNavigate } from 'react-router';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Screen } from '../ui/Screen';

export function NotFound() {
  const { t } = useTexts();
  const navigate = useNavigate();
  return (
    <Screen icon={Compass} title={t('notFound.title')} text={t('notFound.text')}>
      <Button kind="primary" onPress={() => navigate('/')}>
        {t('notFound.home')}
      </Button>
    </Screen>
  );
}
