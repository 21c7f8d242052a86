import { afterEach, describe, expect, it, vi } from 'vitest';
import { preferredLanguage, translator } from './texts';

const catalogue = {
  plain: 'Plain',
  greeting: 'Hello {{name}}, {{name}}!',
  part: { inner: 'Inner', people_one: '{{count}} person', people_other: '{{count}} people' },
};

describe('texts', () => {
  const t = translator(catalogue, 'en');

  it('finds a text by its path and fills it', () => {
    expect(t('part.inner')).toBe('Inner');
    expect(t('greeting', { name: 'Jane' })).toBe('Hello Jane, Jane!');
  });

  it('takes the plural form of the language', () => {
    expect([0, 1, 2].map((count) => t('part.people', { count }))).toEqual(['0 people', '1 person', '2 people']);
  });

  it('never reads a value as a placeholder, a replacement or a key', () => {
    expect(t('greeting', { name: '{{count}} $& $1 $t(plain)' })).toBe('Hello {{count}} $& $1 $t(plain), {{count}} $& $1 $t(plain)!');
  });

  it('keeps a name from right to left apart from its sentence', () => {
    expect(t('greeting', { name: 'שרה' })).toBe('Hello \u2068שרה\u2069, \u2068שרה\u2069!');
  });

  it('shows the key where a text is missing, also for names that every object has', () => {
    expect(t('part.nothing')).toBe('part.nothing');
    expect(t('part')).toBe('part');
    expect(t('constructor.name')).toBe('constructor.name');
    expect(t('greeting', {})).toBe('Hello {{name}}, {{name}}!');
  });
});

describe('the language', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is the first of the wished ones that there is, English otherwise', () => {
    const wish = (...languages: string[]) => {
      vi.stubGlobal('navigator', { languages });
      return preferredLanguage();
    };
    expect(wish('fr', 'de-AT', 'en')).toBe('de');
    expect(wish('EN-gb')).toBe('en');
    expect(wish('fr')).toBe('en');
  });
});
