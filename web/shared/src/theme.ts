// Light, dark, or what the system asks for. The choice is remembered; `data-theme` on the root element carries it.
import { readStored, writeStored } from './storage';

export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'upcall.theme';

export function themeChoice(): ThemeChoice {
  const stored = readStored(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function applyTheme(choice: ThemeChoice, root: HTMLElement = document.documentElement): void {
  if (choice === 'system') delete root.dataset.theme;
  else root.dataset.theme = choice;
}

export function chooseTheme(choice: ThemeChoice, root: HTMLElement = document.documentElement): void {
  writeStored(KEY, choice === 'system' ? null : choice);
  applyTheme(choice, root);
}
