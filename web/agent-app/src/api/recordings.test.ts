import { expect, it } from 'vitest';
import { filmAddress } from './recordings';

const page = 'http://localhost:8080/recording/abc';

it('plays a film of this server from where the page came from', () => {
  expect(filmAddress('http://127.0.0.1:8080/api/recording/media/r1?grant=a%2Bb', page)).toBe('http://localhost:8080/api/recording/media/r1?grant=a%2Bb');
  expect(filmAddress('/api/recording/media/r1?grant=x', page)).toBe('http://localhost:8080/api/recording/media/r1?grant=x');
});

it('leaves a film that is somewhere else where it is', () => {
  const stored = 'https://films.example/bucket/RECORDINGS/r1.mp4?signature=x';
  expect(filmAddress(stored, page)).toBe(stored);
});
