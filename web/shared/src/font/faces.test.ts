import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { charactersOf, FONT_FAMILY, FONT_PARTS, FONT_WEIGHTS } from './faces';

const css = readFileSync(new URL('../styles/font.css', import.meta.url), 'utf8').replace(/\s+/g, ' ');
const all = FONT_PARTS.map((part) => charactersOf(part.unicodeRange)).join('');

describe('the shipped font', () => {
  it('is cut to what its style sheet says', () => {
    const faces = [...css.matchAll(/@font-face \{([^}]*)\}/g)].map((match) => match[1] ?? '');
    expect(faces).toHaveLength(FONT_PARTS.length);
    FONT_PARTS.forEach((part, i) => {
      expect(faces[i]).toContain(`'${FONT_FAMILY}'`);
      expect(faces[i]).toContain(`font-weight: ${FONT_WEIGHTS.min} ${FONT_WEIGHTS.max};`);
      expect(faces[i]).toContain(`@upcall/font/inter-${part.name}.woff2`);
      expect(faces[i]).toContain(`unicode-range: ${part.unicodeRange};`);
    });
  });

  it('has every letter of Latin-1 and Latin Extended-A, each in one part', () => {
    for (let code = 0xa0; code <= 0x17f; ++code) expect(all).toContain(String.fromCodePoint(code));
    for (const name of ['Łukasz Żółć', 'Jürgen Größe', 'Şebnem Iğdır', 'Ștefan Țăran', 'Þórður Æ', 'Ő ű']) {
      for (const letter of name) expect(all).toContain(letter);
    }
    expect(new Set(all).size).toBe([...all].length);
  });
});
