import { Languages, SunMoon } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, type Language, LANGUAGE_NAMES, LANGUAGES } from '@upcall/shared/i18n/create';
import { chooseTheme, themeChoice, type ThemeChoice } from '@upcall/shared/theme';
import { loaders } from '../i18n/loaders';
import { ChoiceMenu } from '../ui/ChoiceMenu';

export function ThemeMenu() {
  const { t } = useTranslation();
  const [theme, setTheme] = useState(themeChoice);
  const choices = (['system', 'light', 'dark'] as const).map((id) => ({ id, label: t(`theme.${id}`) }));
  const choose = (choice: ThemeChoice) => {
    chooseTheme(choice);
    setTheme(choice);
  };
  return <ChoiceMenu label={t('theme.label')} icon={SunMoon} choices={choices} value={theme} onChoose={choose} />;
}

export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  const choices = LANGUAGES.map((id) => ({ id, label: LANGUAGE_NAMES[id] }));
  return (
    <ChoiceMenu
      label={t('common.language')}
      icon={Languages}
      choices={choices}
      value={i18n.language as Language}
      onChoose={(language) => void changeLanguage(i18n, loaders, language)}
    />
  );
}
