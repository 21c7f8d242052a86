/** The page's language as the person's region writes it: 24 hours in Britain, 12 in the States. */
export function localeOf(language: string): string {
  return navigator.languages?.find((tag) => tag.toLowerCase().startsWith(`${language}-`)) ?? language;
}
