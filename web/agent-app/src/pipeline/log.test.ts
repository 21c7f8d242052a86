import { describe, expect, it } from 'vitest';
import { clipped } from './log';

describe('a log that is too long to show', () => {
  it('is shown whole while it is short', () => {
    expect(clipped('a\nb\n', 10)).toEqual({ text: 'a\nb\n', cut: false });
  });
  it('loses its first lines, and none in half', () => {
    expect(clipped('first line\nsecond\nthird\n', 14)).toEqual({ text: 'second\nthird\n', cut: true });
  });
  it('is cut within a line that is longer than all', () => {
    expect(clipped('x'.repeat(20), 5)).toEqual({ text: 'xxxxx', cut: true });
  });
});
