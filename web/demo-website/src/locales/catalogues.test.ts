import { catalogueDifferences } from '@upcall/shared/i18n/catalogue-check';
import { describe, expect, it } from 'vitest';
import pageDe from '../page/locales/de.json';
import pageEn from '../page/locales/en.json';
import de from './de.json';
import en from './en.json';

describe('catalogues', () => {
  it('the widget says everything in both languages', () => {
    expect(catalogueDifferences(en, de)).toEqual([]);
  });

  it('so does the page', () => {
    expect(catalogueDifferences(pageEn, pageDe)).toEqual([]);
  });
});
