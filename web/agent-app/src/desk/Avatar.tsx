/** Initials; the colour follows from the name, so the same person always looks the same. */
export function Avatar({ name, large = false }: { name: string; large?: boolean }) {
  const words = name.trim().split(/\s+/u);
  const initial = (word: string | undefined) => (word ? ([...word][0] ?? '') : '');
  const initials = (initial(words[0]) + (words.length > 1 ? initial(words.at(-1)) : '')).toLocaleUpperCase();
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 6;
  return (
    <span className={`avatar avatar--${hash}${large ? ' avatar--large' : ''}`} aria-hidden>
      {initials}
    </span>
  );
}
