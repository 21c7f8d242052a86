import { describe, expect, it } from 'vitest';
import { problemOf, sizeText, typeOf } from './files';

const limits = { maxBytes: 1000, types: ['image/png', 'text/csv', 'text/plain'] };
const file = (name: string, type: string, size = 10) => ({ name, type, size });

describe('a file that is chosen', () => {
  it('is looked at before anything is sent', () => {
    expect(problemOf(file('a.png', 'image/png', 1000), limits)).toBeUndefined();
    expect(problemOf(file('a.png', 'image/png', 1001), limits)).toBe('tooLarge');
    expect(problemOf(file('a.png', 'image/png', 0), limits)).toBe('empty');
    expect(problemOf(file('a.html', 'text/html'), limits)).toBe('type');
    expect(problemOf(file('a', ''), limits)).toBe('type');
    expect(problemOf(file(`${'ä'.repeat(127)}.txt`, 'text/plain'), limits)).toBe('name');
  });
  it('has the type of its name where the system has its own idea of it', () => {
    expect(typeOf(file('numbers.csv', 'application/vnd.ms-excel'), limits.types)).toBe('text/csv');
    expect(typeOf(file('NOTES.TXT', ''), limits.types)).toBe('text/plain');
    expect(typeOf(file('a.png', 'image/png'), limits.types)).toBe('image/png');
    expect(typeOf(file('page.html', 'text/html'), limits.types)).toBe('text/html');
  });
  it('has a size that people read', () => {
    expect(sizeText(1, 'en')).toBe('1 byte');
    expect(sizeText(999, 'en')).toBe('999 bytes');
    expect(sizeText(12_345, 'en')).toBe('12 kB');
    expect(sizeText(20_971_520, 'en')).toBe('21 MB');
    expect(sizeText(2_150_000, 'de')).toBe('2,2 MB');
  });
});
