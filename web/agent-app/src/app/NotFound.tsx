import { Compass } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { Button } from '../ui/Button';
import { Screen } from '../ui/Screen';

export function NotFound() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Screen icon={Compass} title={t('notFound.title')} text={t('notFound.text')}>
      <Button kind="primary" onPress={() => navigate('/')}>
        {t('notFound.home')}
      </Button>
    </Screen>
  );
}
