import { Languages, SunMoon } from 'lucide-react';
import { useState } from 'react';
import { LANGUAGE_NAMES, LANGUAGES } from '@upcall/shared/i18n/texts';
import { chooseTheme, themeChoice, type ThemeChoice } from '@upcall/shared/theme';
import { changeLanguage, useTexts } from '../i18n/texts';
import { ChoiceMenu } from '../ui/ChoiceMenu';

export function ThemeMenu() {
  const { t } = useTexts();
  const [theme, setTheme] = useState(themeChoice);
  const choices = (['system', 'light', 'dark'] as const).map((id) => ({ id, label: t(`theme.${id}`) }));
  const choose = (choice: ThemeChoice) => {
    chooseTheme(choice);
    setTheme(choice);
  };
  return <ChoiceMenu label={t('theme.label')} icon={SunMoon} choices={choices} value={theme} onChoose={choose} />;
}

export function LanguageMenu() {
  const { t, language } = useTexts();
  const choices = LANGUAGES.map((id) => ({ id, label: LANGUAGE_NAMES[id] }));
  return (
    <ChoiceMenu
      label={t('common.language')}
      icon={Languages}
      choices={choices}
      value={language}
      onChoose={(wanted) => void changeLanguage(wanted)}
    />
  );
}
