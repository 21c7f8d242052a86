import { describe, expect, it } from 'vitest';
import { playbackPath } from './Attributes';

const page = 'https://upcall.example/contacts/1';

describe('the playback link among attributes', () => {
  it('leads to our own playback page and nowhere else', () => {
    expect(playbackPath('https://upcall.example/recording/m-1', page)).toBe('/recording/m-1');
    for (const url of [
      'https://evil.example/recording/m-1',
      'javascript:alert(1)',
      'https://upcall.example/recording/m-1/../../logout',
      'https://upcall.example/logout',
      'https://upcall.example.evil.example/recording/m-1',
      'http://upcall.example/recording/m-1',
      '//evil.example/recording/m-1',
      'no address',
      '',
    ]) {
      expect(playbackPath(url, page), url).toBeUndefined();
    }
  });
});
