// The shipped parts of the font. The build cuts each to its characters and to the weights that the design uses; browsers
// fetch the second only for a text that has one of its characters. Other scripts fall back to the system's font.
export interface FontPart {
  /** `latin` and `latin-ext` as the font's package names its files. */
  name: 'latin' | 'latin-ext';
  /** As in font.css; a test holds the two together. */
  unicodeRange: string;
}

export const FONT_FAMILY = 'Inter Variable';
export const FONT_WEIGHTS = { min: 400, max: 700 };

export const FONT_PARTS: readonly FontPart[] = [
  {
    name: 'latin',
    unicodeRange:
      'U+0020-007E, U+00A0-00FF, U+0131, U+0152-0153, U+02C6, U+02DA, U+02DC, U+2010-2015, U+2018-201E, U+2020-2022, U+2026, ' +
      'U+2030, U+2032-2033, U+2039-203A, U+20AC, U+2122, U+2190-2193, U+2212, U+2215, U+FFFD',
  },
  // Names from Iceland to Turkey; with what Romanian and capital German need beyond it.
  { name: 'latin-ext', unicodeRange: 'U+0100-0130, U+0132-0151, U+0154-017F, U+0218-021B, U+02D8-02D9, U+02DB, U+02DD, U+1E9E' },
];

/** 'U+41-43, U+50' → 'ABCP'. */
export function charactersOf(unicodeRange: string): string {
  let out = '';
  for (const part of unicodeRange.split(',')) {
    const [first = '', last = first] = part.trim().slice(2).split('-');
    for (let code = parseInt(first, 16); code <= parseInt(last, 16); ++code) out += String.fromCodePoint(code);
  }
  return out;
}
